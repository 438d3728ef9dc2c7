/** Understands a definition: parsed, its references in normal form, and what planning needs of it. Nothing is asked of anybody. */
import * as z from 'zod';
import { canonical } from '../../domain/canonical.ts';
import { type Definition, DefinitionSchema } from '../../domain/definitions/definition.ts';
import { tooLarge } from '../../domain/definitions/definition-size.ts';
import { planInputsOf } from '../../domain/definitions/plan-inputs.ts';
import { type Home, type References, referencesOf } from '../../domain/definitions/references.ts';
import { InvalidDefinition, type Problem } from '../../domain/errors.ts';
import type { PlanInputs } from '../../domain/records/pipelines.ts';
import type { Digest } from '../../ports.ts';

/** A definition that has been understood, in the forms that are stored. */
export interface Reading {
  readonly definition: Definition;
  readonly references: References;
  readonly digest: string;
  readonly plan: PlanInputs;
}

/** Parses and normalises. Throws InvalidDefinition with every problem that can be told from the file alone. */
export function readDefinition(
  deps: { readonly digest: Digest; readonly home: Home },
  given: unknown,
): Reading {
  const parsed = DefinitionSchema.safeParse(given);
  if (!parsed.success) throw new InvalidDefinition(problemsOf(parsed.error));
  const definition = parsed.data;
  const size = tooLarge(definition);
  if (size !== undefined) throw new InvalidDefinition([size]);
  const { references, problems } = referencesOf(definition, deps.home);
  if (problems.length > 0) throw new InvalidDefinition(problems);
  const { $schema: _, ...content } = definition;
  return {
    definition,
    references,
    digest: deps.digest(canonical({ content, references })),
    plan: planInputsOf(deps.digest, definition, references),
  };
}

function problemsOf(error: z.ZodError): Problem[] {
  return error.issues
    .flatMap(meantBy)
    .map(({ path, message }) => ({ field: z.core.toDotPath(path), message }));
}

/** Of several forms the one that was meant says what is wrong with it: its problems lie deepest. */
function meantBy(issue: z.core.$ZodIssue): Pick<z.core.$ZodIssue, 'path' | 'message'>[] {
  if (issue.code !== 'invalid_union') return [issue];
  const depth = (errors: readonly z.core.$ZodIssue[]) =>
    Math.max(0, ...errors.map(({ path }) => path.length));
  const [meant = []] = issue.errors.filter((errors) => depth(errors) > 1);
  if (meant.length === 0)
    return [{ path: issue.path, message: 'must have exactly one of the forms of the schema' }];
  return meant.flatMap(meantBy).map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}
