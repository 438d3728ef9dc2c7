// Runs after `npm ci` (npm's prepare script): installs the pre-commit hook. Plain JavaScript, so that it runs on whatever Node is there.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MARK = '# installed by ovenbird: scripts/install-git-hook.mjs';
const HOOK = `#!/bin/sh
${MARK}
exec node_modules/.bin/node scripts/pre-commit.ts
`;

function hookPath() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    // A copy of the repository inside the work tree of another repository gets no hook.
    if (git('rev-parse', '--show-prefix') !== '') return undefined;
    return join(git('rev-parse', '--git-path', 'hooks'), 'pre-commit');
  } catch {
    return undefined;
  }
}

if (process.env.CI === undefined || process.env.CI === 'false' || process.env.CI === '') {
  const path = hookPath();
  if (path !== undefined && existsSync(path) && !readFileSync(path, 'utf8').includes(MARK)) {
    console.log(
      `Left the pre-commit hook in ${path} as it is. To check commits, call scripts/pre-commit.ts from it.`,
    );
  } else if (path !== undefined) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, HOOK);
    chmodSync(path, 0o755);
  }
}
