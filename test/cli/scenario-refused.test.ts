import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const repository = join(import.meta.dirname, '../..');

it('npm start says what a scenario lacks, without a stack and before anything starts', async () => {
  const began = Date.now();
  const started = promisify(execFile)(
    join(repository, 'node_modules/.bin/node'),
    ['local/start.ts', '--once', '--scenario', 'test/cases/scenario-without-targets/scenario.yml'],
    { cwd: repository },
  );

  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^\S+scenario\.yml cannot be played:\n {2}targets: name at least one account\n$/,
    ),
  });
  expect(Date.now() - began).toBeLessThan(20_000);
});
