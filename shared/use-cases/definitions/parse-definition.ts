/** Parses a definition: its selectors in normal form, and the part of it that reconcile needs. Reads nothing else. */

import * as z from 'zod';
import { canonical } from '../../domain/base/canonical.ts';
import { InvalidDefinition, type Problem } from '../../domain/base/errors.ts';
import { type Definition, DefinitionSchema } from '../../domain/definitions/definition.ts';
import type { References } from '../../domain/definitions/references.ts';
import { toPipelineSpec } from '../../domain/reconcile/pipeline-spec.ts';
import type { PipelineSpec } from '../../domain/records/pipelines.ts';
import type { Ports } from '../../ports/ports.ts';
import { checkDefinition } from './check-definition.ts';

/** A valid definition in the forms that are stored. */
export interface ParsedDefinition {
  readonly definition: Definition;
  readonly references: References;
  readonly digest: string;
  readonly spec: PipelineSpec;
}

/** Parses and normalises. Throws InvalidDefinition with every problem that can be told from the file alone. */
export function parseDefinition(
  deps: Pick<Ports, 'digest' | 'home' | 'calendar' | 'clock'>,
  given: unknown,
): ParsedDefinition {
  const parsed = DefinitionSchema.safeParse(given);
  if (!parsed.success) throw new InvalidDefinition(listProblems(parsed.error));
  const definition = parsed.data;
  const { references, problems } = checkDefinition(deps, definition, deps.home);
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
  return error.issues.flatMap(selectMeantIssues).map(({ path, message, fix }) => ({
    field: z.core.toDotPath(path),
    message,
    ...(fix === undefined ? {} : { fix }),
  }));
}

interface MeantIssue extends Pick<z.core.$ZodIssue, 'path' | 'message'> {
  readonly fix?: string;
}

/** The problems of the form that was meant: those that lie deepest. */
function selectMeantIssues(issue: z.core.$ZodIssue): MeantIssue[] {
  // The name of an entry: what is wrong with it stands within.
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path: issue.path, message }));
  if (issue.code === 'custom') {
    const fix: unknown = issue.params?.fix;
    return [{ path: issue.path, message: issue.message, ...(typeof fix === 'string' ? { fix } : {}) }];
  }
  if (issue.code !== 'invalid_union') return [issue];
  const depth = (errors: readonly z.core.$ZodIssue[]) =>
    Math.max(0, ...errors.map(({ path }) => path.length));
  // What has no fields is measured by its own form.
  const isFormed = (errors: readonly z.core.$ZodIssue[]) =>
    errors.every(({ code }) => code === 'invalid_format');
  const [meant = []] = issue.errors.filter((errors) => depth(errors) > 1 || isFormed(errors));
  if (meant.length === 0)
    return [{ path: issue.path, message: 'must have exactly one of the forms of the schema' }];
  return meant
    .flatMap(selectMeantIssues)
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}
