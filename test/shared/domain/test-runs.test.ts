import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findTestRun, listTestNames } from '../../../shared/domain/bakes/test-runs.ts';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import type { LockEntry } from '../../../shared/domain/records/locks.ts';

const arn = (name: string, account = '111122223333') =>
  `arn:aws:imagebuilder:eu-west-1:${account}:component/${name}/1.0.0/1`;
const entry = (version: string): LockEntry => ({
  key: `component:${version}`,
  selector: { kind: 'component', arn: version },
  version,
});
const definition = DefinitionSchema.parse({
  apiVersion: 'ovenbird.dev/v1',
  name: 'web',
  base: { ssm: '/aws/service/ami' },
  tests: {
    suites: [{ name: 'boots', script: 'true', timeout: '2m' }],
    components: [
      { component: 'web-check/x.x.x', parameters: { greeting: `it's "$HOME"` } },
      { component: 'cis/x.x.x' },
    ],
  },
  approval: { required: false },
});
const lock = { tests: [entry(arn('web-check')), entry(arn('cis', 'aws'))] };
const run = (name: string, region = 'eu-west-1') => findTestRun(definition, lock, name, region);

describe('what is run on a candidate', () => {
  it('is every suite and every test component', () => {
    expect(listTestNames(definition, lock)).toEqual(['boots', 'component.web-check', 'component.cis']);
    expect(run('boots')).toEqual({ name: 'boots', script: 'true', timeoutSeconds: 120 });
    expect(run('nothing')).toBeUndefined();
  });

  it('tells components of the same name apart', () => {
    const twice = { tests: [entry(arn('cis')), entry(arn('cis', 'aws'))] };

    expect(listTestNames(definition, twice)).toEqual(['boots', 'component.cis', 'component.cis.2']);
    expect(findTestRun(definition, twice, 'component.cis.2', 'eu-west-1')?.script).toContain(
      arn('cis', 'aws'),
    );
  });

  it('fetches AWSTOE from the bucket of the region', () => {
    expect(run('component.cis', 'us-east-1')?.script).toContain(
      'https://awstoe-us-east-1.s3.us-east-1.amazonaws.com/latest/linux/$arch/awstoe',
    );
    expect(run('component.cis', 'cn-north-1')?.script).toContain('s3.cn-north-1.amazonaws.com.cn/');
  });
});

/** Runs the script with a `curl` that brings an AWSTOE of ours, which shows its input and ends as it is told. */
function runScript(awstoe: string): { code: number; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ovenbird-awstoe-'));
  const program = join(folder, 'program');
  writeFileSync(program, `#!/bin/sh\ncat "$3"\n${awstoe}\n`);
  const curl = join(folder, 'curl');
  writeFileSync(curl, `#!/bin/sh\ncp ${program} awstoe\n`);
  chmodSync(curl, 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}` };
  try {
    const stdout = execFileSync('/bin/sh', ['-c', run('component.web-check')?.script ?? ''], {
      env,
      stdio: 'pipe',
    });
    return { code: 0, stdout: stdout.toString(), stderr: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: Buffer; stderr: Buffer };
    return { code: status, stdout: stdout.toString(), stderr: stderr.toString() };
  }
}

describe('the script that runs a test component', () => {
  it('runs the test phase of exactly the locked version with the parameters as they are written', () => {
    const { code, stdout } = runScript(`echo; echo '{"status": "success"}'`);

    expect(code).toBe(0);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toEqual({
      documents: [{ path: arn('web-check'), parameters: [{ name: 'greeting', value: `it's "$HOME"` }] }],
      phases: 'test',
      logDirectory: './log',
    });
  });

  it.each([
    ['says that it failed', `echo '{"status": "failed"}'`, 1],
    ['says nothing', '', 1],
    ['ends with a code of its own', `echo '{"status": "success"}'; exit 3`, 3],
  ])('does not pass when AWSTOE %s', (_what, awstoe, code) => {
    expect(runScript(awstoe).code).toBe(code);
  });

  it('shows the end of the log of what failed', () => {
    const { stderr } = runScript(
      'mkdir -p log/TOE_1; echo "port 80 is closed" > log/TOE_1/console.log; exit 1',
    );

    expect(stderr).toContain('port 80 is closed');
  });
});
