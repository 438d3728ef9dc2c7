import { spawn } from 'node:child_process';
import { access, chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { InstanceRecord } from '../ec2/records.ts';
import type { PackageFile } from './package-tool.ts';

/** What a script wrote, and how it ended. */
export interface ShellResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Tools that can read and print alone: sort and uniq can write too. A script finds no others. */
const READERS = ['cksum', 'cut', 'grep', 'head', 'tail', 'tr', 'wc'];
/** A restricted shell cannot take these back. */
const WITHOUT = 'enable -n kill suspend ulimit umask\n';
const HOST_PATH = process.env.PATH ?? '/usr/bin:/bin';
const LONGEST_SECONDS = 20;
const MOST_BYTES = 4_000_000;

/** Whether a script asks the package managers of the image: the one thing that a simulated instance knows of itself. */
export const asksForPackages = (script: string): boolean => /\b(?:rpm\s+-|dpkg-query\s+-)/.test(script);

/**
 * Runs a script in a restricted bash that finds the package manager of the image, which knows what the image holds, its `uname` and its
 * `/etc/os-release`, and tools that only read. It can start nothing else, write to no file and change to no folder [D:bash(1) RESTRICTED SHELL].
 */
export async function runInImage(instance: InstanceRecord, script: string): Promise<ShellResult> {
  const folder = await mkdtemp(join(tmpdir(), 'image-shell-'));
  try {
    await furnish(folder, instance);
    return await run(await findTool('bash'), folder, script);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function furnish(folder: string, { image }: InstanceRecord): Promise<void> {
  await Promise.all(READERS.map(async (name) => symlink(await findTool(name), join(folder, name))));
  const tool = async (name: string, body: string) => {
    await writeFile(join(folder, name), `#!/bin/sh\nPATH='${HOST_PATH}'\n${body}\n`);
    await chmod(join(folder, name), 0o755);
  };
  const types = new Set(image.inventory.map(({ type }) => type));
  const { inventory: packages, architecture } = image;
  const file: PackageFile = { packages, architecture };
  await writeFile(join(folder, 'packages.json'), JSON.stringify(file));
  const manager = (name: string) =>
    tool(
      name,
      `exec '${process.execPath}' '${join(import.meta.dirname, 'package-tool.ts')}' ${name} '${join(folder, 'packages.json')}' "$@"`,
    );
  if (types.has('rpm')) await manager('rpm');
  if (types.has('deb')) await manager('dpkg-query');
  await tool(
    'uname',
    `[ "$1" = -m ] && echo ${image.architecture === 'arm64' ? 'aarch64' : image.architecture}`,
  );
  await writeFile(join(folder, 'os-release'), describeSystem(types.has('deb'), image.name));
  await tool(
    'cat',
    `case "$*" in\n  '') exec cat ;;\n  /etc/os-release | /usr/lib/os-release) exec cat '${join(folder, 'os-release')}' ;;\nesac\necho "cat: $*: No such file or directory" >&2\nexit 1`,
  );
}

async function findTool(name: string): Promise<string> {
  for (const place of HOST_PATH.split(delimiter)) {
    const file = join(place, name);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  throw new Error(`The local cloud needs ${name}, which is not in PATH.`);
}

/** The system that a base stands for is told by its package manager and its name alone. */
function describeSystem(isDebian: boolean, name: string): string {
  const [id, version] = isDebian ? ['debian', '12'] : ['amzn', '2023'];
  return `ID="${id}"\nVERSION_ID="${version}"\nPRETTY_NAME="${name.replaceAll(/[^A-Za-z0-9 ._-]/g, '-')}"\n`;
}

function run(bash: string, folder: string, script: string): Promise<ShellResult> {
  return new Promise((resolve, reject) => {
    const shell = spawn(bash, ['--restricted', '--noprofile', '--norc', '-s'], {
      cwd: folder,
      env: { PATH: folder, HOME: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: LONGEST_SECONDS * 1000,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MOST_BYTES) into.push(chunk);
      else shell.kill('SIGKILL');
    };
    shell.stdout.on('data', keep(out));
    shell.stderr.on('data', keep(err));
    // A script that ends before its text has been read closes the pipe.
    shell.stdin.on('error', () => undefined);
    shell.stdin.end(`${WITHOUT}${script}`);
    shell.on('error', reject);
    shell.on('close', (code) =>
      resolve({
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        exitCode: code ?? 137,
      }),
    );
  });
}
