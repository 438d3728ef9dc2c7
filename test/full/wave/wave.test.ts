import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../../local/scenario/report-schema.ts';
import { type Played, playScenario } from '../../support/play-scenario.ts';
import { estate, type Node, writeScenario } from './estate.ts';

const nodes = estate();
type Bake = Report['bakes'][number];

/** Pipelines that a change of the given ones leads to: themselves and all below them. */
function closure(first: readonly Node[]): Set<string> {
  const found = new Set(first.map(({ name }) => name));
  for (const node of nodes) if (node.parents.some((parent) => found.has(parent))) found.add(node.name);
  return found;
}

const everybody = closure(nodes.filter(({ level }) => level === 0));
const withAgent = closure(nodes.filter(({ hasAgent }) => hasAgent));

describe('a wave of fifty images', () => {
  let played: Played;
  const released = (name: string): Bake[] =>
    played.report.bakes.filter(({ pipeline, state }) => pipeline === name && state === 'released');
  const change = (selector: string): string => {
    const moved = played.report.changes.filter(
      (entry) => entry.selector.startsWith(selector) && entry.from !== null && entry.from !== undefined,
    );
    expect(moved).toHaveLength(1);
    return moved[0]?.id ?? '';
  };
  beforeAll(async () => {
    played = await playScenario(writeScenario(nodes), 680);
  }, 700_000);
  afterAll(() => played?.stop());

  it('ends fresh, with nothing left behind', () => {
    expect(nodes).toHaveLength(50);
    expect(played.report.expectations.filter(({ held }) => !held)).toEqual([]);
  });

  it('takes at most ten minutes', () => {
    expect(played.report.seconds.total).toBeLessThan(600);
  });

  it('bakes for the base everybody, and for the component just those that have it or are built on one that has', () => {
    const [base, agent] = [change('ssm:'), change('component:')];
    for (const { name } of nodes) {
      const [, ...later] = released(name);
      const causes = new Set(later.flatMap((bake) => bake.causes));
      expect({ name, base: causes.has(base), agent: causes.has(agent) }).toEqual({
        name,
        base: everybody.has(name),
        agent: withAgent.has(name),
      });
    }
  });

  it('bakes nobody more often than there were changes, and nobody twice for the same', () => {
    for (const { name } of nodes) {
      const bakes = released(name);
      expect(bakes.length).toBeGreaterThanOrEqual(2);
      expect(bakes.length).toBeLessThanOrEqual(withAgent.has(name) ? 3 : 2);
      expect(new Set(bakes.map(({ bits }) => bits)).size).toBe(bakes.length);
    }
  });

  it('gives way to newer versions only where there are some', () => {
    const superseded = played.report.bakes.filter(({ state }) => state === 'superseded');
    for (const { pipeline } of superseded) expect(withAgent.has(pipeline)).toBe(true);
    const others = played.report.bakes.filter(({ state }) => state !== 'superseded' && state !== 'released');
    expect(others).toEqual([]);
  });

  it('starts nobody before what it is built on', () => {
    const releasedAt = new Map(played.report.releases.map(({ bake, at }) => [bake, at]));
    for (const { name, parents } of nodes) {
      const last = released(name).at(-1);
      const began = last?.steps.map(({ startedAt }) => startedAt).sort()[0] ?? '';
      for (const parent of parents) {
        const at = releasedAt.get(released(parent).at(-1)?.id ?? '') ?? '~';
        expect({ name, parent, late: at > began }).toEqual({ name, parent, late: false });
      }
    }
  });
});
