import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../../local/scenario/report-schema.ts';
import { type PlayedScenario, playScenario } from '../../support/play-scenario.ts';
import { estate, writeScenario } from './estate.ts';
import { computeBakeRange, computeExpectedBakes } from './expected-bakes.ts';

const nodes = estate();
type Bake = Report['bakes'][number];

const expectedBakes = computeExpectedBakes(nodes);

describe('a wave of fifty images', () => {
  let played: PlayedScenario;
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

  it('asks the oracle something that has more than one answer', () => {
    expect([expectedBakes.first.size, expectedBakes.base.size, expectedBakes.together.size]).toEqual([
      50, 50, 50,
    ]);
    expect(expectedBakes.agent.size).toBeGreaterThan(nodes.filter(({ hasAgent }) => hasAgent).length);
    expect(expectedBakes.agent.size).toBeLessThan(nodes.length);
  });

  it('takes each change up once in every pipeline that the oracle names for it, and in no other', () => {
    const [base, agent] = [change('ssm:'), change('component:')];
    for (const { name } of nodes) {
      const [, ...later] = released(name);
      const times = (id: string) => later.filter(({ causes }) => causes.includes(id)).length;
      expect({ name, base: times(base), agent: times(agent) }).toEqual({
        name,
        base: expectedBakes.base.has(name) ? 1 : 0,
        agent: expectedBakes.agent.has(name) ? 1 : 0,
      });
    }
  });

  it('bakes every pipeline as often as the oracle says, and none twice for the same', () => {
    for (const { name } of nodes) {
      const { least, most } = computeBakeRange(name, expectedBakes);
      // One that gave way to a newer one has begun all the same.
      const begun = played.report.bakes.filter(({ pipeline }) => pipeline === name);
      expect({ name, few: released(name).length < least, many: begun.length > most }).toEqual({
        name,
        few: false,
        many: false,
      });
      expect(new Set(begun.map(({ bits }) => bits)).size).toBe(begun.length);
    }
  });

  it('gives way to newer versions only where there are some, and fails nowhere', () => {
    const others = played.report.bakes.filter(({ state }) => state !== 'released');
    for (const { pipeline, state } of others) {
      const { least, most } = computeBakeRange(pipeline, expectedBakes);
      expect({ pipeline, state, canGiveWay: least < most }).toEqual({
        pipeline,
        state: 'superseded',
        canGiveWay: true,
      });
    }
  });

  it('starts no pipeline before what it is built on', () => {
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
