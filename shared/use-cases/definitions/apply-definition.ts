/**
 * Makes a definition the current revision. Everything that could fail later in a bake is checked now: what it names must exist, no cycle may
 * arise, and no selector may reach an image before its release.
 */

import type { Applied } from '../../domain/api/shapes.ts';
import {
  DependencyCycle,
  InvalidDefinition,
  type Problem,
  RevisionConflict,
} from '../../domain/base/errors.ts';
import type { Definition } from '../../domain/definitions/definition.ts';
import { describeUnlistedRegions } from '../../domain/definitions/regions.ts';
import { MAX_WRITES } from '../../ports/table.ts';
import { prepareWithdrawal } from '../approval/withdraw-approval.ts';
import { checkPlacement } from '../bakes/check-placement.ts';
import { AGAIN, retryOnConflict } from '../store/retry-on-conflict.ts';
import { readLastRevision } from '../store/team.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { checkGraph } from './apply-graph.ts';
import { checkReach } from './apply-reach.ts';
import { checkBaseImage, resolveSelectors } from './apply-selectors.ts';
import { applyWrites, writeSelectorsAhead } from './apply-writes.ts';
import { checkComponents } from './check-components.ts';
import { checkTargetAccounts } from './check-target-accounts.ts';
import { parseDefinition } from './parse-definition.ts';
import { readAppliedPipeline } from './read-applied-pipeline.ts';

export interface ApplyRequest {
  /** The file's content, scripts included. */
  readonly definition: unknown;
  readonly by: string;
  /** Where the caller may write: the definition must say the same. Absent for a preview, which writes nothing. */
  readonly path?: { readonly team: string; readonly name: string };
}

export async function applyDefinition(deps: ApplyDeps, request: ApplyRequest): Promise<Applied> {
  const reading = parseDefinition(deps, request.definition);
  const { name, team } = reading.definition;
  requireSamePath(reading.definition, request.path);
  const toFailure = () =>
    new RevisionConflict(`${name}, or a pipeline that it is built on, keeps being changed; apply it again.`);
  return retryOnConflict<Applied>(toFailure, async () => {
    const before = await readAppliedPipeline(deps.table, name);
    if (before !== undefined && before.pipeline.spec.team !== team)
      throw new InvalidDefinition([describeOtherTeam(name)]);
    if (before?.pipeline.digest === reading.digest)
      return { pipeline: name, revision: before.pipeline.revision, outcome: 'unchanged', notes: [] };

    const graph = await checkGraph(deps.table, reading);
    if (graph.cycle !== undefined) throw new DependencyCycle(graph.cycle);
    const selectors = await resolveSelectors(deps, reading, graph.parents, before);
    const reach = await checkReach(deps, reading, before);
    const base = await checkBaseImage(deps, reading, selectors.found);
    const components = await checkComponents(deps, reading, selectors.found);
    const placement = await checkPlacement(deps, reading.definition, ['build', 'tests']);
    const accounts = await checkTargetAccounts(deps, reading, before?.pipeline);
    const problems = keepFirstPerField([
      ...graph.problems,
      ...accounts,
      ...reach.problems,
      ...selectors.problems,
      ...base,
      ...components,
      ...placement,
    ]);
    if (problems.length > 0) throw new InvalidDefinition(problems);

    const revision = ((before?.pipeline ?? (await readLastRevision(deps.table, name)))?.revision ?? 0) + 1;
    const applying = { reading, before, revision, selectors: selectors.found, by: request.by };
    const { approval } = reading.definition;
    const bake = before?.status.activeBake;
    const withdrawal = await prepareWithdrawal(deps, { approval, revision, by: request.by, bake });
    const writes = [...applyWrites(deps, applying), ...graph.checks, ...reach.checks, ...withdrawal.writes];
    if (writes.length > MAX_WRITES) {
      if (await writeSelectorsAhead(deps.table, applying)) return AGAIN;
      throw new InvalidDefinition([describeTooManyWrites(writes.length)]);
    }
    await deps.table.write(writes);
    await deps.reconcileQueue.send([{ pipeline: name, delaySeconds: reading.spec.debounceSeconds }]);
    return {
      pipeline: name,
      revision,
      outcome: before === undefined ? 'created' : 'changed',
      notes: [...selectors.notes, ...describeUnlistedRegions(reading.definition), ...withdrawal.notes],
    };
  });
}

/** Callers may write to a path by IAM: nothing in the definition can lead to another pipeline. */
function requireSamePath({ name, team }: Definition, path: ApplyRequest['path']): void {
  if (path === undefined) return;
  const problems = [
    ...(name === path.name ? [] : [describeOtherPath('name', name, path.name)]),
    ...(team === path.team ? [] : [describeOtherPath('team', team, path.team)]),
  ];
  if (problems.length > 0) throw new InvalidDefinition(problems);
}

function describeOtherPath(field: 'name' | 'team', said: string, asked: string): Problem {
  return {
    field,
    message: `is "${said}" in the definition and "${asked}" in the path`,
    fix: `Write ${field}: ${asked} into the definition, or apply it at the path of its ${field}.`,
  };
}

/** A name belongs to one team; which one is not told to others. */
function describeOtherTeam(name: string): Problem {
  return {
    field: 'team',
    message: `${name} belongs to another team; applying a definition does not move it`,
    fix: 'Keep its team, or choose another name. To move it, its team deletes it; then apply it under the new team.',
  };
}

/** The problem of a definition whose writes exceed one transaction even after the rows of its new selectors were written ahead. */
function describeTooManyWrites(writes: number): Problem {
  return {
    field: 'inputs',
    message: `changes too many dependencies at once: ${writes} rows, of which ${MAX_WRITES} can be written together`,
    fix: 'Apply it in two steps: some of the components and inputs first, then all of them.',
  };
}

/** One problem for each field: the first, since the more telling ones come first. */
function keepFirstPerField(problems: readonly Problem[]): Problem[] {
  return problems.filter(
    (problem, index) => problems.findIndex(({ field }) => field === problem.field) === index,
  );
}
