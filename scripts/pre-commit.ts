/**
 * The git pre-commit hook: format, lint and secretlint over what is staged, as it is staged. It checks a copy of the index and changes
 * nothing, so it is right for partly staged files and for `git commit -- paths` too.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bin = join(root, 'node_modules', '.bin');
const FORMATTED = /\.(ts|tsx|js|mjs|cjs|json|jsonc|css)$/;

const staged = execFileSync('git', ['diff', '--cached', '--name-only', '--diff-filter=ACMR', '-z'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '');

function runCheck(command: string, args: readonly string[], cwd: string): boolean {
  const { status } = spawnSync(join(bin, command), args, { cwd, stdio: 'inherit' });
  return status === 0;
}

if (staged.length > 0) {
  const copy = mkdtempSync(join(tmpdir(), 'ovenbird-staged-'));
  try {
    execFileSync('git', ['checkout-index', '-z', '--stdin', `--prefix=${copy}/`], {
      cwd: root,
      input: staged.join('\0'),
    });
    for (const config of ['biome.json', '.secretlintrc.json', '.secretlintignore']) {
      if (!existsSync(join(copy, config))) copyFileSync(join(root, config), join(copy, config));
    }
    const formatted = staged.filter((path) => FORMATTED.test(path));
    const tidy =
      formatted.length === 0 ||
      runCheck(
        'biome',
        ['check', '--vcs-enabled=false', '--no-errors-on-unmatched', '--error-on-warnings', ...formatted],
        copy,
      );
    const clean = runCheck(
      'secretlint',
      ['--secretlintrc', join(root, '.secretlintrc.json'), '--no-glob', ...staged],
      copy,
    );
    if (!tidy) console.error('Not committed. Mend with: npm run format');
    if (!clean)
      console.error(
        'Not committed: take the secret out of the change (and out of use, if it was a real one).',
      );
    if (!tidy || !clean) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
