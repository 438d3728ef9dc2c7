/**
 * Previews what follows from definitions that are not applied yet and selectors that have not changed yet: the bakes, wave by wave, their targets,
 * how long they take and what they cost. Nothing is written: the table that it is given can only be read.
 */
import type * as z from 'zod';
import { type Preview, type PreviewRequest, PreviewSchema } from '../../domain/api/explanation.ts';
import { InvalidDefinition } from '../../domain/base/errors.ts';
import { due } from '../../domain/base/naming.ts';
import { isTerminal } from '../../domain/records/attempt-states.ts';
import { AttemptRecordSchema } from '../../domain/records/bakes.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { PipelineStatusSchema } from '../../domain/records/status.ts';
import { describeSelector, describeVersion } from '../../domain/selectors/describe.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import type { Table } from '../../ports/table.ts';
import { applyDefinition } from '../definitions/apply-definition.ts';
import type { ApplyDeps } from '../definitions/apply-deps.ts';
import { detectTopic } from '../detect/detect-topic.ts';
import type { ReconcileDeps } from '../reconcile/reconcile-pipeline.ts';
import { readAll } from '../store/read.ts';
import { readVersionOverrides } from './assumed-changes.ts';
import { createHistoryReader } from './bake-history.ts';
import { describeSimulation } from './describe-simulation.ts';
import { createOverlayTable } from './overlay-table.ts';
import { Simulation, type SimulationLimits } from './simulation.ts';

export interface PreviewDeps
  extends Omit<ApplyDeps, 'table' | 'reconcileQueue'>,
    Pick<ReconcileDeps, 'limits' | 'digest' | 'calendar' | 'ids' | 'clock'> {
  readonly table: Pick<Table, 'get' | 'getMany' | 'query'>;
}

export const SIMULATION_LIMITS = {
  bakes: 200,
  /** Schedules and freezes that end later are shown as what holds a pipeline. */
  seconds: 24 * 3600,
  /** The function's own time is a little more. */
  thinkingSeconds: 20,
} as const;
/** So many due pipelines, and so many running bakes, are taken up at most. */
const MAX_PENDING = 1000;

export async function previewPlan(deps: PreviewDeps, request: PreviewRequest): Promise<Preview> {
  const began = deps.clock.now();
  const table = createOverlayTable(deps.table);
  const history = createHistoryReader(deps.table);
  const simulation = new Simulation({ ...deps, table, baseTable: deps.table, history });
  const { ports } = simulation;
  const bounds: SimulationLimits = {
    ...SIMULATION_LIMITS,
    deadline: new Date(began.getTime() + SIMULATION_LIMITS.thinkingSeconds * 1000),
  };
  const isAllTakenUp = await addPendingWork(deps, simulation);

  const applied = [];
  for (const definition of request.definitions)
    applied.push(await applyGivenDefinition({ ...deps, ...ports, table }, definition));
  const { moved, notes } = await applyAssumedChanges({ ...deps, ports, table }, request.changes);
  // A wave over the cap is shown as it is after its confirmation.
  await simulation.confirmWaves(moved);
  const cut = await simulation.run(bounds);
  const stopped =
    cut ??
    (isAllTakenUp
      ? undefined
      : `after ${MAX_PENDING.toLocaleString('en')} pipelines that are due or baking already`);
  return PreviewSchema.parse({
    at: began.toISOString(),
    applied,
    moved,
    notes,
    confirm: simulation.confirmedChanges,
    ...(await describeSimulation(
      { home: deps.home, table, baseTable: deps.table, history },
      simulation,
      began,
    )),
    ...(stopped === undefined ? {} : { stopped }),
  });
}

/** Takes up the pipelines that are due and the bakes that run. Returns false where there are more than are taken up. */
async function addPendingWork(deps: PreviewDeps, simulation: Simulation): Promise<boolean> {
  const [waiting, running] = await Promise.all([
    readFirstDue(deps.table, due.reconcile, PipelineStatusSchema),
    readFirstDue(deps.table, due.attempt, AttemptRecordSchema),
  ]);
  const attempts = running.items.filter(
    ({ state, endRequested }) => !isTerminal(state) && endRequested === undefined,
  );
  for (const { bake, startedAt } of attempts) await simulation.begin(bake, startedAt);
  const now = deps.clock.now().getTime();
  await simulation.ports.reconcileQueue.send(
    waiting.items.map(({ pipeline, dueAt }) => {
      const delay = dueAt === undefined ? 0 : (Date.parse(dueAt) - now) / 1000;
      return { pipeline, delaySeconds: Math.max(0, delay) };
    }),
  );
  return waiting.isAll && running.isAll;
}

async function readFirstDue<Schema extends z.ZodType>(
  table: PreviewDeps['table'],
  pk: string,
  schema: Schema,
): Promise<{ readonly items: z.output<Schema>[]; readonly isAll: boolean }> {
  const limit = MAX_PENDING + 1;
  const found = await readAll(table, { index: 'due', pk, limit }, schema, limit);
  return { items: found.slice(0, MAX_PENDING), isAll: found.length <= MAX_PENDING };
}

/** Applies it in the overlay. Problems name the definition that they are in, as there may be several. */
async function applyGivenDefinition(
  deps: ApplyDeps,
  definition: unknown,
): Promise<Preview['applied'][number]> {
  try {
    return await applyDefinition(deps, { definition, by: 'preview' });
  } catch (error) {
    const name = readDefinitionName(definition);
    if (!(error instanceof InvalidDefinition) || name === undefined) throw error;
    throw new InvalidDefinition(error.problems.map((problem) => ({ ...problem, file: name })));
  }
}

function readDefinitionName(definition: unknown): string | undefined {
  if (typeof definition !== 'object' || definition === null || !('name' in definition)) return undefined;
  return typeof definition.name === 'string' ? definition.name : undefined;
}

/** Detects the assumed versions as a hint would. Notes tell of each selector that would not change. */
async function applyAssumedChanges(
  deps: PreviewDeps & { readonly table: Table; readonly ports: ReconcileDeps },
  given: PreviewRequest['changes'],
): Promise<{ moved: ChangeRecord[]; notes: string[] }> {
  const overrides = await readVersionOverrides(deps.table, deps.home, given);
  const answers = new Map(overrides.map(({ row, resolution }) => [row.key, resolution]));
  const resolver: ApplyDeps['resolver'] = {
    resolve: async (selector) => answers.get(selectorKey(selector)) ?? deps.resolver.resolve(selector),
  };
  const moved: ChangeRecord[] = [];
  for (const topic of new Set(overrides.map(({ row }) => row.topic)))
    moved.push(...(await detectTopic({ ...deps.ports, resolver }, topic)).changes);
  const known = new Set(moved.map(({ selector }) => selector));
  const notes = overrides
    .filter(({ row }) => !known.has(row.key))
    .map(({ row, resolution }) => {
      const what = describeSelector(row.key);
      const now = row.version === undefined ? 'nothing yet' : describeVersion(row.version);
      return `${what} would not move from ${now} to ${describeVersion(resolution.version)}.`;
    });
  return { moved, notes };
}
