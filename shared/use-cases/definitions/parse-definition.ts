/** Parses a definition: its selectors in normal form, and the part of it that reconcile needs. Reads nothing else. */
import * as z from 'zod';
import { canonical } from '../../domain/base/canonical.ts';
import { InvalidDefinition, type Problem } from '../../domain/base/errors.ts';
import type { Home } from '../../domain/base/regions.ts';
import { type Definition, DefinitionSchema } from '../../domain/definitions/definition.ts';
import { findSizeProblem } from '../../domain/definitions/definition-size.ts';
import { parseReferences, type References } from '../../domain/definitions/references.ts';
import { toPipelineSpec } from '../../domain/reconcile/pipeline-spec.ts';
import type { PipelineSpec } from '../../domain/records/pipelines.ts';
import type { Digest } from '../../ports/ids.ts';

/** A valid definition in the forms that are stored. */
export interface ParsedDefinition {
  readonly definition: Definition;
  readonly references: References;
  readonly digest: string;
  readonly spec: PipelineSpec;
}

/** Parses and normalises. Throws InvalidDefinition with every problem that can be told from the file alone. */
export function parseDefinition(
  deps: { readonly digest: Digest; readonly home: Home },
  given: unknown,
): ParsedDefinition {
  const parsed = DefinitionSchema.safeParse(given);
  if (!parsed.success) throw new InvalidDefinition(listProblems(parsed.error));
  const definition = parsed.data;
  const size = findSizeProblem(definition);
  if (size !== undefined) throw new InvalidDefinition([size]);
  const { references, problems } = parseReferences(definition, deps.home);
  if (problems.length > 0) throw new InvalidDefinition(problems);
  const { $schema: _, ...content } = definition;
  return {
    definition,
    references,
    digest: deps.digest(canonical({ content, references })),
    spec: toPipelineSpec(deps.digest, definition, references),
  };
}

function listProblems(error: z.ZodError): Problem[] {
  return error.issues
    .flatMap(selectMeantIssues)
    .map(({ path, message }) => ({ field: z.core.toDotPath(path), message }));
}

/** The problems of the form that was meant: those that lie deepest. */
function selectMeantIssues(issue: z.core.$ZodIssue): Pick<z.core.$ZodIssue, 'path' | 'message'>[] {
  if (issue.code !== 'invalid_union') return [issue];
  const depth = (errors: readonly z.core.$ZodIssue[]) =>
    Math.max(0, ...errors.map(({ path }) => path.length));
  const [meant = []] = issue.errors.filter((errors) => depth(errors) > 1);
  if (meant.length === 0)
    return [{ path: issue.path, message: 'must have exactly one of the forms of the schema' }];
  return meant
    .flatMap(selectMeantIssues)
    .map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}
