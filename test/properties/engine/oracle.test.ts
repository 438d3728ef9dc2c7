import { describe, expect, it } from '@jest/globals';
import { computeRequiredBakes, type OracleDependency, type OraclePipeline } from './oracle.ts';
import { findFewestBakes } from './schedule-search.ts';

const CHANGED: OracleDependency = { kind: 'value', before: 'one', now: 'two' };

function pipeline(name: string, parents: string[], more: Partial<OraclePipeline> = {}): OraclePipeline {
  const redefined = { bits: false, proof: false };
  return { name, parents, bits: [], proof: [], redefined, startsByItself: true, ...more };
}

/** A base with two children, and one that is built on both. */
const diamond = (more: Partial<OraclePipeline> = {}, base: Partial<OraclePipeline> = {}) => [
  pipeline('top', ['left', 'right']),
  pipeline('left', ['base'], more),
  pipeline('right', ['base']),
  pipeline('base', [], base),
];

describe('the oracle', () => {
  it('names every pipeline that is built on what has changed, each once, parents first', () => {
    expect(computeRequiredBakes(diamond({ bits: [CHANGED] }, { bits: [CHANGED] }))).toEqual([
      'base',
      'left',
      'right',
      'top',
    ]);
    expect(computeRequiredBakes(diamond({ bits: [CHANGED] }))).toEqual(['left', 'top']);
    expect(computeRequiredBakes(diamond())).toEqual([]);
  });

  it('stops at a pipeline that does not start by itself', () => {
    expect(computeRequiredBakes(diamond({ startsByItself: false }, { bits: [CHANGED] }))).toEqual([
      'base',
      'right',
      'top',
    ]);
  });

  it('starts no dependent for an image that is only judged again', () => {
    expect(computeRequiredBakes(diamond({}, { proof: [CHANGED] }))).toEqual(['base']);
    expect(computeRequiredBakes(diamond({}, { redefined: { bits: false, proof: true } }))).toEqual(['base']);
  });

  it.each([
    ['1.9.0/1', '1.10.0', 1, 'x.x.x', true],
    ['1.10.0/1', '1.9.0', 1, 'x.x.x', false],
    ['1.9.0/9', '1.9.0', 10, '1.x.x', true],
    ['1.9.0/1', '2.0.0', 1, '1.x.x', false],
    ['1.9.0/1', '1.9.0', 1, '1.9.x', false],
  ])('of %s sees that %s/%i is newer for %s: %s', (before, version, build, pattern, isNewer) => {
    const published = [{ version, build, deprecated: false }];
    const bits = [{ kind: 'semver' as const, pattern, before, published }];

    expect(computeRequiredBakes([pipeline('one', [], { bits })])).toEqual(isNewer ? ['one'] : []);
  });

  it('takes a version that fell back, and one that is gone, for no change', () => {
    const published = [
      { version: '1.8.0', build: 1, deprecated: false },
      { version: '1.9.0', build: 1, deprecated: true },
    ];
    const fallen = { kind: 'semver' as const, pattern: 'x.x.x', before: '1.9.0/1', published };
    const gone = { kind: 'value' as const, before: 'one', now: undefined };

    expect(computeRequiredBakes([pipeline('one', [], { bits: [fallen, gone] })])).toEqual([]);
  });
});

describe('the search of all schedules', () => {
  it('finds that a diamond takes one bake of each', () => {
    expect(findFewestBakes(diamond({ bits: [CHANGED] }, { bits: [CHANGED] }), 4)).toBe(4);
    expect(findFewestBakes(diamond({ bits: [CHANGED] }), 4)).toBe(2);
    expect(findFewestBakes(diamond(), 4)).toBe(0);
  });

  it('finds none where too few bakes are allowed', () => {
    expect(findFewestBakes(diamond({}, { bits: [CHANGED] }), 3)).toBeUndefined();
  });
});
