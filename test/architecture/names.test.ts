import { describe, expect, it } from '@jest/globals';
import { filesBelow, read } from './imports.ts';

const FOLDERS = ['shared', 'functions', 'cli', 'local', 'local-cloud', 'scripts', 'bench', 'test'];

/** Functions at the top of a file, declared or assigned to a constant. */
function listFunctions(path: string): string[] {
  return [
    ...read(path).matchAll(
      /^(?:export )?(?:(?:async )?function\*? (\w+)|const (\w+) = (?:async )?(?:<|\())/gm,
    ),
  ]
    .map(([, declared, assigned]) => declared ?? assigned ?? '')
    .filter((name) => name !== '');
}

describe('the names of functions', () => {
  it('begin with a verb: none is called xOf', () => {
    const offenders = FOLDERS.flatMap((folder) => filesBelow(folder, ['.ts', '.tsx'])).flatMap((path) =>
      listFunctions(path)
        .filter((name) => name.endsWith('Of'))
        .map((name) => `${path}: ${name}`),
    );

    expect(offenders).toEqual([]);
  });

  it('are found, declared or assigned', () => {
    expect(listFunctions('local-cloud/image-services/imagebuilder/arns.ts')).toContain('formatArn');
    expect(listFunctions('local-cloud/gateway/faults.ts')).toContain('createFaults');
  });
});
