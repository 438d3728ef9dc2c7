/** What one bake costs besides AWS's idle price, for a golden path through the state machines as they are. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as YAML from 'yaml';
import * as z from 'zod';
import { PRICES } from '../../shared/domain/estimates/prices.ts';
import type { Cost, Prices } from './idle.ts';

const root = resolve(import.meta.dirname, '../..');

/** A bake as most are: what a user puts in place of it is beside each line. */
export const SAMPLE = {
  instanceType: 't3.medium',
  buildMinutes: 25,
  testMinutes: 8,
  usedGiB: 3,
  /** Each its own copy, one of them in the region of the build. */
  targets: 6,
} as const;

const StatesSchema: z.ZodType<{ States: Record<string, State> }> = z.lazy(() =>
  z.looseObject({ States: z.record(z.string(), StateSchema) }),
);
interface State {
  readonly ItemProcessor?: { States: Record<string, State> } | undefined;
}
const StateSchema: z.ZodType<State> = z.lazy(() => z.looseObject({ ItemProcessor: StatesSchema.optional() }));

/** States of a machine, those inside its maps included: more than one execution enters, unless a map has many items. */
function countStates(machine: string): number {
  const text = readFileSync(join(root, 'statemachines', machine, `${machine}.asl.yml`), 'utf8');
  const count = ({ States }: { States: Record<string, State> }): number =>
    Object.values(States).reduce(
      (sum, { ItemProcessor }) => sum + 1 + (ItemProcessor === undefined ? 0 : count(ItemProcessor)),
      0,
    );
  return count(StatesSchema.parse(YAML.parse(text)));
}

export function computeBakeCosts(prices: Prices): Cost[] {
  const hour = PRICES.instanceHour[SAMPLE.instanceType] ?? 0;
  const transitions =
    ['bake', 'build', 'test', 'approve', 'distribute'].reduce((sum, name) => sum + countStates(name), 0) +
    SAMPLE.targets * countStates('distribute-region');
  const instance = (minutes: number) => (hour * minutes) / 60;
  return [
    {
      what: `build on ${SAMPLE.instanceType}`,
      count: `${SAMPLE.buildMinutes} min`,
      usd: instance(SAMPLE.buildMinutes),
    },
    {
      what: `test on ${SAMPLE.instanceType}`,
      count: `${SAMPLE.testMinutes} min`,
      usd: instance(SAMPLE.testMinutes),
    },
    {
      what: 'transitions of state machines, at most',
      count: String(transitions),
      usd: (transitions / 1000) * (prices.thousandTransitions?.usd ?? 0),
    },
    {
      what: 'transfer to other regions',
      count: `${(SAMPLE.targets - 1) * SAMPLE.usedGiB} GiB`,
      usd: (SAMPLE.targets - 1) * SAMPLE.usedGiB * PRICES.transferGiB,
    },
  ];
}

/** A month of the snapshots of one release, for as long as it is kept. */
export function computeKeptCosts(): Cost[] {
  const size = SAMPLE.targets * SAMPLE.usedGiB;
  return [{ what: 'snapshots of a kept release', count: `${size} GiB`, usd: size * PRICES.snapshotGiBMonth }];
}
