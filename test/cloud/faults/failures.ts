import { expect, it } from '@jest/globals';
import { until } from '../../support/deployed-cloud.ts';
import { type FaultHarness, SANDBOX, uniqueName, WORKLOADS } from './harness.ts';

/** What goes wrong while an image is made: tried again where that helps, recorded with its reason where it does not, and taken away in the end. */
export function testFailures(oven: () => FaultHarness): void {
  it.concurrent('a build that fails is recorded with its reason, rests, and is tried again by a person with success', async () => {
    const name = uniqueName('build');
    await oven().control.imageServices('fail-build', {
      recipeName: `ovenbird-${name}`,
      times: 1,
      reason: 'No space left on device',
    });
    await oven().applyWithOwnBase(name, { lifecycle: { maxFailures: 1 } });
    const failed = await oven().waitForState(name, 'failed');
    expect(failed.attempts[0]?.failure).toMatchObject({
      step: 'Build',
      name: 'BuildFailed',
      reason: expect.stringContaining('No space left on device'),
    });
    expect(toStepStates(failed)).toEqual({ Preflight: 'succeeded', Build: 'failed' });
    expect(await oven().waitForDecision(name, 'hold')).toMatchObject([
      {
        code: 'too-many-failures',
        message: expect.stringContaining(`Fix the cause, then run: ovenbird enable ${name}`),
      },
      { code: 'refused' },
    ]);
    await oven().expectNothingLeft(failed);

    await oven().deployed.api.request('POST', `/bakes/${failed.id}/retry`, {});
    await oven().waitForState(name, 'released', { attempt: 2 });
    await oven().expectReleasedOnce(name, { attempts: 2 });
  });

  it.concurrent('a test that fails is recorded by its suite, and its instance and image are gone', async () => {
    const name = uniqueName('test');
    await oven().control.imageServices('declare-command', {
      match: { suite: 'boots', pipelineTag: name },
      status: 'Failed',
      stderr: 'degraded: sshd.service failed',
      exitCode: 1,
    });
    await oven().applyWithOwnBase(name, { lifecycle: { maxFailures: 1 } });
    const failed = await oven().waitForState(name, 'failed');
    const failure = failed.attempts[0]?.failure;
    expect(failure).toMatchObject({ step: 'Gate', name: 'GateClosed' });
    expect(failure?.reason).toContain('boots');
    expect(toStepStates(failed)).toMatchObject({ Build: 'succeeded', Test: 'failed', Gate: 'failed' });
    await oven().expectNothingLeft(failed);
  });

  it.concurrent('a build and a test instance for which a zone has no room run in the next one', async () => {
    const name = uniqueName('room');
    await oven().control.imageServices('fail-launch', { instanceType: 'm5.2xlarge', times: 1 });
    // As often as the SDK asks for the same.
    await oven().control.imageServices('fail-launch', { instanceType: 't3.nano', times: 4 });
    await oven().control.imageServices('fail-launch', {
      instanceType: 't3.nano',
      times: 1,
      mode: 'terminate',
      code: 'Server.InsufficientInstanceCapacity',
      reason: 'Server.InsufficientInstanceCapacity: Insufficient capacity to satisfy instance request',
    });
    await oven().applyWithOwnBase(name, {
      build: { instanceTypes: ['m5.2xlarge'] },
      tests: {
        suites: [{ name: 'boots', script: 'systemctl is-system-running' }],
        instanceTypes: ['t3.nano'],
      },
    });
    const bake = await oven().waitForState(name, 'released');
    await oven().expectReleasedOnce(name);
    expect(bake.attempts).toHaveLength(1);
    await oven().expectNothingLeft(bake);
  });

  it.concurrent('a copy that fails once is started anew by itself', async () => {
    const name = uniqueName('copy');
    await oven().control.imageServices('fail-copy', {
      account: SANDBOX,
      region: 'us-east-1',
      times: 1,
      reason: 'The snapshot could not be read',
    });
    await oven().applyWithOwnBase(name, {
      distribution: { targets: [{ account: SANDBOX, regions: ['us-east-1'] }] },
    });
    const bake = await oven().waitForState(name, 'released');
    await oven().expectReleasedOnce(name);
    expect(await copiesInto(SANDBOX, 'us-east-1')).toHaveLength(2);
    await oven().expectNothingLeft(bake);
  });

  it.concurrent('a copy that fails for ever fails the bake with account, region and reason, and a retry copies the approved image there alone', async () => {
    const name = uniqueName('copies');
    await oven().control.imageServices('fail-copy', {
      account: SANDBOX,
      region: 'eu-central-1',
      times: 3,
      reason: 'The key is pending deletion',
    });
    await oven().applyWithOwnBase(name, {
      lifecycle: { maxFailures: 1 },
      distribution: {
        targets: [
          { account: WORKLOADS, regions: ['eu-central-1'] },
          { account: SANDBOX, regions: ['eu-central-1'] },
        ],
      },
    });
    const failed = await oven().waitForState(name, 'failed');
    const failure = failed.attempts[0]?.failure;
    expect(failure).toMatchObject({ step: 'Distribute', name: 'DistributionFailed' });
    expect(failure?.reason).toContain(`${SANDBOX}`);
    expect(failure?.reason).toContain('eu-central-1');
    expect(failure?.reason).toContain('The key is pending deletion');
    expect(await copiesInto(SANDBOX, 'eu-central-1')).toHaveLength(3);
    await oven().expectNothingLeft(failed);
    const places = await oven().readLocations();
    expect(places.filter((place) => place.parameters.has(`/ovenbird/${name}/stable`))).toEqual([]);

    await oven().deployed.api.request('POST', `/bakes/${failed.id}/retry`, {});
    const released = await oven().waitForState(name, 'released', { attempt: 2 });
    expect(toStepStates(released)).toMatchObject({
      Build: 'skipped',
      Approve: 'skipped',
      Distribute: 'succeeded',
    });
    expect(await copiesInto(SANDBOX, 'eu-central-1')).toHaveLength(4);
    expect(await copiesInto(WORKLOADS, 'eu-central-1')).toHaveLength(1);
    await oven().expectReleasedOnce(name, { attempts: 2, targets: 2 });
    await oven().expectNothingLeft(released);
  });

  it.concurrent('a target that throttles copies gets its copy later', async () => {
    const name = uniqueName('slow-copy');
    const { id } = await oven().control.addFault({
      service: 'ec2',
      operation: 'CopyImage',
      account: WORKLOADS,
      region: 'us-east-1',
      times: 5,
      effect: { error: { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 } },
    });
    await oven().applyWithOwnBase(name, {
      distribution: { targets: [{ account: WORKLOADS, regions: ['us-east-1'] }] },
    });
    // More than the SDK tries by itself: the target is put off, and taken up again when its pause is over.
    await until(`the copy of ${name} is throttled`, async () =>
      (await callsOf(id)) === 5 ? true : undefined,
    );
    const bake = await oven().waitForState(name, 'released');
    await oven().expectReleasedOnce(name);
    await oven().expectNothingLeft(bake);
  });

  it.concurrent('a build engine that throttles builds is asked again until it takes the build, once', async () => {
    const name = uniqueName('slow-build');
    const { id } = await oven().control.addFault({
      service: 'imagebuilder',
      operation: 'CreateImage',
      times: 6,
      effect: { error: { code: 'TooManyRequestsException', message: 'Rate exceeded', status: 429 } },
    });
    await oven().applyWithOwnBase(name);
    await oven().waitForState(name, 'released');
    expect(await callsOf(id)).toBe(6);
    await oven().expectReleasedOnce(name);
  });

  async function copiesInto(account: string, region: string) {
    const calls = await oven().calls();
    return calls.filter(
      (call) =>
        call.operation === 'CopyImage' &&
        call.account === account &&
        call.region === region &&
        call.status === 200,
    );
  }

  async function callsOf(fault: string): Promise<number> {
    return (await oven().calls()).filter((call) => call.fault === fault).length;
  }
}

export function toStepStates(bake: {
  steps: readonly { name: string; state: string }[];
}): Record<string, string> {
  return Object.fromEntries(bake.steps.map(({ name, state }) => [name, state]));
}
