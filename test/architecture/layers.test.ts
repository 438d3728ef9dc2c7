import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import {
  filesBelow,
  findForbiddenImports,
  findImportCycles,
  foldersIn,
  type Import,
  read,
  readImports,
} from './imports.ts';

const LocalCloudSchema = z.object({ dependencies: z.record(z.string(), z.string()) });

const isSdk = (to: string) => to.startsWith('@aws-sdk/') || to.startsWith('@smithy/');

describe('the layers', () => {
  it('are read: the imports of a known file are found', () => {
    expect(readImports('shared/ports/table.ts').map(({ to }) => to)).toContain(
      'shared/domain/base/naming.ts',
    );
  });

  it('keep shared/domain pure: its own files and zod', () => {
    expect(
      findForbiddenImports('shared/domain', ({ to }) => to === 'zod' || to.startsWith('shared/domain/')),
    ).toEqual([]);
  });

  it('keep the ports free of everything but the domain', () => {
    expect(findForbiddenImports('shared/ports', ({ to }) => /^shared\/(?:domain|ports)\//.test(to))).toEqual(
      [],
    );
  });

  it('keep use cases on ports: no SDK, no adapter, no Lambda', () => {
    const allowed = ['shared/domain/', 'shared/use-cases/', 'shared/events/', 'shared/ports/'];

    expect(
      findForbiddenImports(
        'shared/use-cases',
        ({ to }) => allowed.some((prefix) => to.startsWith(prefix)) || to === 'zod' || to === 'yaml',
      ),
    ).toEqual([]);
  });

  it('keep events free of everything but the domain', () => {
    expect(
      findForbiddenImports('shared/events', ({ to }) => /^shared\/(?:domain|events)\//.test(to)),
    ).toEqual([]);
  });

  it('keep adapters below use cases and away from handlers', () => {
    expect(
      findForbiddenImports(
        'shared/adapters',
        ({ to }) => !/^(?:shared\/(?:use-cases|lambda)\/|functions\/|local(?:-cloud)?\/|cli\/)/.test(to),
      ),
    ).toEqual([]);
  });

  it('keep handlers to wiring: use cases, shared/lambda, and what they share within a folder', () => {
    expect(
      findForbiddenImports('functions', ({ from, to }) => {
        const folder = `${from.split('/').slice(0, 2).join('/')}/`;
        return (
          /^shared\/(?:use-cases|lambda|domain|events)\//.test(to) ||
          to.startsWith('shared/ports/') ||
          to.startsWith(folder) ||
          to === 'zod' ||
          to === 'aws-lambda' ||
          to.startsWith('hono') ||
          to.startsWith('node:')
        );
      }),
    ).toEqual([]);
  });

  it('let only scripts, tests and the local cloud import the local cloud', () => {
    const product = ['functions', 'shared', 'statemachines', 'cli'];

    expect(
      product.flatMap((folder) => findForbiddenImports(folder, ({ to }) => !/^local(?:-cloud)?\//.test(to))),
    ).toEqual([]);
  });

  it('keep the local cloud free of the product: its own files and packages', () => {
    const packages = Object.keys(
      LocalCloudSchema.parse(JSON.parse(read('local-cloud/package.json'))).dependencies,
    );
    const allowed = [...packages, 'node:', 'local-cloud/'];

    expect(
      findForbiddenImports('local-cloud', ({ to }) => allowed.some((start) => to.startsWith(start))),
    ).toEqual([]);
  });

  it('keep SDKs to adapters, wiring, the command line and the local cloud', () => {
    const offenders = ['shared/domain', 'shared/use-cases', 'shared/events', 'functions'].flatMap((folder) =>
      findForbiddenImports(folder, ({ to }) => !isSdk(to)),
    );

    expect(offenders).toEqual([]);
  });

  it('keep judges apart from the product: the oracle and the judge of approvals import nothing at all', () => {
    const judges = ['oracle', 'schedule-search', 'waves'].map((name) => `test/properties/engine/${name}.ts`);
    const apart = ['test/properties/engine/oracle.ts', 'test/properties/approval/judge.ts'];

    expect(judges.flatMap(readImports).filter(({ to }) => !apart.includes(to))).toEqual([]);
    expect(apart.flatMap(readImports)).toEqual([]);
  });

  it('import files with their extension, which Node and the compiler need', () => {
    const sources = ['functions', 'shared', 'cli', 'local', 'local-cloud', 'bench', 'scripts', 'test'];
    const bare = sources
      .flatMap((folder) => filesBelow(folder, ['.ts', '.tsx']))
      .flatMap(readImports)
      .filter(
        ({ from, to }) =>
          to.startsWith(`${from.split('/')[0]}/`) && !/\.(?:ts|tsx|js|cjs|mjs|json)$/.test(to),
      );

    expect(bare).toEqual([]);
  });

  it('never run in a circle, so that a reader can read first what a file imports', () => {
    expect(
      ['shared', 'functions', 'cli', 'local', 'local-cloud'].flatMap((folder) => findImportCycles(folder)),
    ).toEqual([]);
  });
});

/** The floors of the house, the lowest first: a folder imports from floors below its own. */
const FLOORS = {
  'shared/domain': [
    ['base'],
    ['artifacts', 'packages', 'keys'],
    ['selectors', 'engines', 'gates'],
    ['definitions', 'waits'],
    ['records'],
    ['bakes', 'approval', 'estimates'],
    ['reconcile', 'distribution', 'notifications'],
    ['api', 'releases'],
  ],
  'shared/use-cases': [
    ['store'],
    ['graph', 'waits'],
    ['detect', 'capacity'],
    ['bakes'],
    ['reconcile', 'distribution', 'approval', 'tests', 'gates'],
    ['releases', 'definitions', 'queries', 'sweep'],
    ['preview'],
  ],
} as const;

describe.each(Object.keys(FLOORS) as (keyof typeof FLOORS)[])('the floors of %s', (root) => {
  const folder = (path: string) => path.split('/')[2] ?? '';
  const floor = (path: string) =>
    FLOORS[root].findIndex((folders) => (folders as readonly string[]).includes(folder(path)));

  it('hold every folder, and no file stands beside them', () => {
    const listed = FLOORS[root].flat().filter((name) => filesBelow(`${root}/${name}`, ['.ts']).length > 0);

    expect(filesBelow(root, ['.ts', '.tsx']).filter((path) => floor(path) < 0)).toEqual([]);
    expect([...listed].sort()).toEqual(foldersIn(root));
  });

  it('let imports point down, never to the own floor or up', () => {
    const isDown = ({ from, to }: Import) =>
      !to.startsWith(`${root}/`) || folder(from) === folder(to) || floor(from) > floor(to);

    expect(findForbiddenImports(root, isDown)).toEqual([]);
  });
});
