import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cache } from '../folders.ts';

const run = promisify(execFile);

const lockStaleMs = 10 * 60_000;
const installTimeoutMs = 8 * 60_000;

/** A Python environment could not be made; the message says what is missing on this machine. */
export class PythonEnvironmentError extends Error {
  override name = 'PythonEnvironmentError';
}

/** The Python interpreter of MiniStack's private environment, which is made on first use. */
export async function ministackPython(): Promise<string> {
  return pythonCommand('ministack-venv', join(import.meta.dirname, 'requirements.txt'), 'python3');
}

/** The cfn-lint command, in a private environment of its own. */
export async function cfnLint(): Promise<string> {
  return pythonCommand('cfn-lint-venv', join(import.meta.dirname, 'cfn-lint-requirements.txt'), 'cfn-lint');
}

/** A command of Python packages, in a private environment of that name in the cache; `list` is a file of requirements. */
export async function pythonCommand(name: string, list: string, command: string): Promise<string> {
  const directory = join(cache, name);
  const stampFile = join(directory, 'installed.stamp');
  const stamp = createHash('sha256')
    .update(await readFile(list))
    .digest('hex');
  const path = join(directory, 'bin', command);
  if (await isInstalled(stampFile, stamp)) return path;

  await withLock(`${directory}.lock`, async () => {
    if (await isInstalled(stampFile, stamp)) return;
    await rm(directory, { recursive: true, force: true });
    await create(directory, list);
    // The stamp is written last, so an interrupted installation is not taken for a complete one.
    await writeFile(stampFile, stamp);
  });
  return path;
}

async function create(directory: string, list: string): Promise<void> {
  const python = process.env.PYTHON ?? 'python3';
  try {
    await run(python, ['-c', 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else 1)']);
    await run(python, ['-m', 'venv', directory]);
  } catch (cause) {
    throw new PythonEnvironmentError(
      `The local cloud needs Python 3.10 or newer with the venv module as "${python}"; set PYTHON to another one.`,
      { cause },
    );
  }
  try {
    await run(
      join(directory, 'bin', 'python3'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', list],
      { timeout: installTimeoutMs },
    );
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause);
    throw new PythonEnvironmentError(`pip could not install ${list}: ${details}`, { cause });
  }
}

async function isInstalled(stampFile: string, stamp: string): Promise<boolean> {
  try {
    return (await readFile(stampFile, 'utf8')) === stamp;
  } catch {
    return false;
  }
}

/** Runs the work in one process at a time: making a directory is atomic, and a lock left by a killed process ages out. */
async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch {
      const age = await stat(lock).then(
        (found) => Date.now() - found.mtimeMs,
        () => 0,
      );
      if (age > lockStaleMs) await rm(lock, { recursive: true, force: true });
      else await sleep(200);
    }
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  void Promise.all([ministackPython(), cfnLint()]).then((paths) => console.log(paths.join('\n')));
}
