/**
 * Makes a definition the current one. Everything that could be found wrong later, when a bake is on its way, is looked for now: what it
 * names must exist, no circle may arise, and no selector may reach an image before its release.
 */
import * as z from 'zod';
import type { Applied } from '../domain/api-shapes.ts';
import { canonical } from '../domain/canonical.ts';
import { type Definition, DefinitionSchema } from '../domain/definition.ts';
import { DependencyCycle, InvalidDefinition, type Problem, RevisionConflict } from '../domain/errors.ts';
import { planInputsOf } from '../domain/plan-inputs.ts';
import type { PlanInputs } from '../domain/records.ts';
import { type Home, type References, referencesOf } from '../domain/references.ts';
import {
  type Calendar,
  type Clock,
  type Digest,
  type Ids,
  MAX_WRITES,
  type OwnImages,
  type PlanQueue,
  type SelectorResolver,
  type Table,
  WriteConflict,
} from '../ports.ts';
import { checkBase } from './apply-base.ts';
import { checkGraph } from './apply-graph.ts';
import { checkReach } from './apply-reach.ts';
import { lookAtSelectors } from './apply-selectors.ts';
import { checkTimes } from './apply-times.ts';
import { applyWrites, lastRevision, readBefore, writeSelectorsAhead } from './apply-writes.ts';

export interface ApplyDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
  readonly calendar: Calendar;
  readonly resolver: SelectorResolver;
  readonly planQueue: PlanQueue;
  /** To see whether a pinned AMI is one of our own. */
  readonly images: Pick<OwnImages, 'describe'>;
  readonly home: Home;
}

export interface ApplyRequest {
  /** The file's content, scripts included. */
  readonly definition: unknown;
  readonly by: string;
}

/** A definition that has been understood, in the forms that are stored. */
export interface Reading {
  readonly definition: Definition;
  readonly references: References;
  readonly digest: string;
  readonly plan: PlanInputs;
}

const ROUNDS = 5;

export async function applyDefinition(deps: ApplyDeps, request: ApplyRequest): Promise<Applied> {
  const reading = readDefinition(deps, request.definition);
  const { name } = reading.definition;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await readBefore(deps.table, name);
    if (before?.pipeline.digest === reading.digest)
      return { pipeline: name, revision: before.pipeline.revision, outcome: 'unchanged', notes: [] };

    const graph = await checkGraph(deps.table, reading);
    if (graph.cycle !== undefined) throw new DependencyCycle(graph.cycle);
    const selectors = await lookAtSelectors(deps, reading, graph.parents);
    const reach = await checkReach(deps, reading, before);
    const times = checkTimes(deps, reading.definition);
    const base = await checkBase(deps, reading, selectors.found);
    const problems = firstOfField([
      ...times,
      ...graph.problems,
      ...reach.problems,
      ...selectors.problems,
      ...base,
    ]);
    if (problems.length > 0) throw new InvalidDefinition(problems);

    const revision = (before?.pipeline.revision ?? (await lastRevision(deps.table, name))) + 1;
    const applying = { reading, before, revision, selectors: selectors.found, by: request.by };
    const writes = [...applyWrites(deps, applying), ...graph.checks, ...reach.checks];
    if (writes.length > MAX_WRITES) {
      if (await writeSelectorsAhead(deps.table, applying)) continue;
      throw new InvalidDefinition([tooMuchAtOnce(writes.length)]);
    }
    try {
      await deps.table.write(writes);
    } catch (error) {
      if (!(error instanceof WriteConflict)) throw error;
      continue;
    }
    await deps.planQueue.send([{ pipeline: name, delaySeconds: reading.plan.debounceSeconds }]);
    return {
      pipeline: name,
      revision,
      outcome: before === undefined ? 'created' : 'changed',
      notes: selectors.notes,
    };
  }
  throw new RevisionConflict(
    `${name}, or a pipeline that it is built on, keeps being changed; apply it again.`,
  );
}

/** Of so many dependencies that not even without their own rows all fits into one transaction. */
function tooMuchAtOnce(writes: number): Problem {
  return {
    field: 'inputs',
    message: `changes too many dependencies at once: ${writes} rows, of which ${MAX_WRITES} can be written together`,
    fix: 'Apply it in two steps: some of the components and inputs first, then all of them.',
  };
}

/** Parses and normalises. Throws InvalidDefinition with every problem that can be told from the file alone. */
export function readDefinition(deps: Pick<ApplyDeps, 'digest' | 'home'>, given: unknown): Reading {
  const parsed = DefinitionSchema.safeParse(given);
  if (!parsed.success) throw new InvalidDefinition(problemsOf(parsed.error));
  const definition = parsed.data;
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

/** What is wrong for two reasons is said once: the more telling reasons come first. */
function firstOfField(problems: readonly Problem[]): Problem[] {
  return problems.filter(
    (problem, index) => problems.findIndex(({ field }) => field === problem.field) === index,
  );
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
