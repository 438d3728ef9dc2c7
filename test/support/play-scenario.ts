import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Report, ReportSchema } from '../../local/scenario/report-schema.ts';

/** `npm start` as a person runs it, with the cloud still up after the scenario so that a test can read what exists there. */

const repository = resolve(import.meta.dirname, '../..');

export interface PlayedScenario {
  readonly report: Report;
  readonly endpoint: string;
  /** By which the command line finds the cloud. */
  readonly stateFile: string;
  readonly output: () => string;
  stop(): Promise<void>;
}

export async function playScenario(scenario: string, deadlineSeconds: number): Promise<PlayedScenario> {
  const folder = mkdtempSync(join(tmpdir(), 'ovenbird-scenario-'));
  const [reportFile, stateFile] = [join(folder, 'report.json'), join(folder, 'state.json')];
  const child = spawn(
    join(repository, 'node_modules/.bin/node'),
    ['local/start.ts', '--scenario', scenario, '--report', reportFile, '--port', '0', '--state', stateFile],
    {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CI: 'true', NODE_NO_WARNINGS: '1' },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  }
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(
      child,
      () => output.includes('The local cloud stays up'),
      deadlineSeconds,
      () => output,
    );
    const state: unknown = JSON.parse(readFileSync(stateFile, 'utf8'));
    const endpoint = (state as { endpoint: string }).endpoint;
    return {
      report: ReportSchema.parse(JSON.parse(readFileSync(reportFile, 'utf8'))),
      endpoint,
      stateFile,
      output: () => output,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitFor(
  child: ChildProcess,
  ready: () => boolean,
  seconds: number,
  output: () => string,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!ready()) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output()}`);
    if (Date.now() > deadline)
      throw new Error(`npm start did not come to its end within ${seconds} s:\n${output()}`);
    await sleep(200);
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  const deadline = Date.now() + 15_000;
  while (child.exitCode === null && child.signalCode === null) {
    if (Date.now() > deadline) child.kill('SIGKILL');
    await sleep(50);
  }
}

export const scenarioFile = (name: string): string => {
  const file = join(repository, 'examples', name);
  if (!existsSync(file)) throw new Error(`${file} is not there.`);
  return file;
};
