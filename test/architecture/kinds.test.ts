import { describe, expect, it } from '@jest/globals';
import { ENGINES } from '../../shared/domain/engines/registry.ts';
import { GATES } from '../../shared/domain/gates/registry.ts';
import { SELECTOR_KINDS } from '../../shared/domain/selectors/registry.ts';
import { filesBelow, read } from './imports.ts';
import { findComparisons, type Registry } from './kind-comparisons.ts';

/** Registries of kinds, the properties that hold the name of a kind, and the files that may know one kind from another. */
const REGISTRIES: readonly Registry[] = [
  {
    what: 'selector kind',
    names: SELECTOR_KINDS.map(({ kind }) => kind),
    properties: ['kind'],
    keys: ['key', 'selector', 'topic'],
    own: ['shared/domain/selectors/', 'shared/adapters/selectors/', 'shared/lambda/deps/selectors.ts'],
  },
  {
    what: 'engine',
    names: Object.keys(ENGINES),
    properties: ['engine', 'name'],
    own: ['shared/domain/engines/', 'shared/adapters/engines/', 'shared/lambda/deps/engines.ts'],
  },
  {
    what: 'gate',
    names: GATES.map(({ name }) => name),
    properties: ['gate', 'name'],
    own: ['shared/domain/gates/', 'shared/use-cases/gates/'],
  },
];

describe('kinds of selectors, engines and gates', () => {
  it.each(REGISTRIES)('are compared with no literal outside their own files: $what', (registry) => {
    const files = ['shared', 'functions', 'cli'].flatMap((folder) => filesBelow(folder, ['.ts', '.tsx']));

    expect(files.flatMap((path) => findComparisons(path, read(path), registry))).toEqual([]);
  });

  const [selectors, engines, gates] = REGISTRIES;
  it.each([
    ["export const isRelease = (selector: Selector) => selector.kind === 'pipeline';", selectors],
    ["const { kind } = selector; if ('ssm' !== kind) start();", selectors],
    ['function look({ selector }) { return selector?.kind == `ami`; }', selectors],
    ["switch (entry.selector.kind) { case 'image': start(); }", selectors],
    ["switch (true) { case selector.kind === 'image': start(); }", selectors],
    ["const isForm = 'lookup' in base;", selectors],
    ["const isEither = ['ssm', 'ami'].includes(selector.kind);", selectors],
    ["const isOurs = key.startsWith('pipeline:');", selectors],
    ["const shape = <p>{node.kind === 'component' ? 'round' : 'square'}</p>;", selectors],
    ["const isOurs = record.engine === 'imageBuilder';", engines],
    ["const hasPassed = gate.name === 'packages';", gates],
  ])('are seen to be compared in %s', (source, registry) => {
    expect(registry && findComparisons('shared/x.tsx', source, registry)).toHaveLength(1);
  });

  it.each([
    ["const own = selectorKey({ kind: 'pipeline', pipeline, channel });", selectors],
    ["const isTopics = hint.kind === 'topics';", selectors],
    ['const isSame = selector.kind === other.kind;', selectors],
    ["const isBuild = part === 'image';", selectors],
    ["const kinds = ['ssm', 'ami'].map(describe);", selectors],
    ["const isParameter = text.startsWith('ssm:');", selectors],
    ["const field = part === 'tests' ? 'tests.suites' : part;", gates],
  ])('are not seen in %s', (source, registry) => {
    expect(registry && findComparisons('shared/x.ts', source, registry)).toEqual([]);
  });
});
