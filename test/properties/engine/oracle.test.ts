import { describe, expect, it } from '@jest/globals';
import { mustBake, type OracleDependency, type OraclePipeline } from './oracle.ts';
import { fewestBakes } from './schedule-search.ts';

const MOVED: OracleDependency = { kind: 'value', before: 'one', now: 'two' };

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
  it('names whoever is built on what has moved, each once, parents first', () => {
    expect(mustBake(diamond({ bits: [MOVED] }, { bits: [MOVED] }))).toEqual(['base', 'left', 'right', 'top']);
    expect(mustBake(diamond({ bits: [MOVED] }))).toEqual(['left', 'top']);
    expect(mustBake(diamond())).toEqual([]);
  });

  it('stops at who does not start by himself', () => {
    expect(mustBake(diamond({ startsByItself: false }, { bits: [MOVED] }))).toEqual(['base', 'right', 'top']);
  });

  it('lets nobody hear of an image that is only judged again', () => {
    expect(mustBake(diamond({}, { proof: [MOVED] }))).toEqual(['base']);
    expect(mustBake(diamond({}, { redefined: { bits: false, proof: true } }))).toEqual(['base']);
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

    expect(mustBake([pipeline('one', [], { bits })])).toEqual(isNewer ? ['one'] : []);
  });

  it('takes a version that fell back, and one that is gone, for no change', () => {
    const published = [
      { version: '1.8.0', build: 1, deprecated: false },
      { version: '1.9.0', build: 1, deprecated: true },
    ];
    const fallen = { kind: 'semver' as const, pattern: 'x.x.x', before: '1.9.0/1', published };
    const gone = { kind: 'value' as const, before: 'one', now: undefined };

    expect(mustBake([pipeline('one', [], { bits: [fallen, gone] })])).toEqual([]);
  });
});

describe('the search of all schedules', () => {
  it('finds that a diamond takes one bake of each', () => {
    expect(fewestBakes(diamond({ bits: [MOVED] }, { bits: [MOVED] }), 4)).toBe(4);
    expect(fewestBakes(diamond({ bits: [MOVED] }), 4)).toBe(2);
    expect(fewestBakes(diamond(), 4)).toBe(0);
  });

  it('finds none where too few bakes are allowed', () => {
    expect(fewestBakes(diamond({}, { bits: [MOVED] }), 3)).toBeUndefined();
  });
});
