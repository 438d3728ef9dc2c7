import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, it } from '@jest/globals';
import { CONTROL, until } from '../../support/deployed-cloud.ts';
import { type FaultHarness, readRefusal, uniqueName, WORKLOADS } from './harness.ts';

const MALFORMED_MESSAGES = [
  'not even JSON',
  '[]',
  'null',
  '{"topics":[]}',
  '{"topics":"/bases"}',
  '{"wait":7,"round":"x"}',
  '{"pipeline":3}',
  JSON.stringify({ source: 'aws.ssm', 'detail-type': 'Parameter Store Change', detail: { name: 3 } }),
  JSON.stringify({
    source: 'aws.s3',
    'detail-type': 'Object Created',
    account: '999999999999',
    region: 'eu-west-1',
    detail: {},
  }),
  JSON.stringify({
    source: 'aws.imagebuilder',
    'detail-type': 'EC2 Image Builder Image State Change',
    account: '111122223333',
    region: 'eu-west-1',
    resources: ['arn:aws:imagebuilder:eu-west-1:111122223333:image/ovenbird-gone/1.0.0/1'],
    detail: { state: { status: 'AVAILABLE' } },
  }),
];

/** What people, programs and passers-by send that is not right: answered with what is wrong and how to mend it, and nothing is begun. */
export function testBadInput(oven: () => FaultHarness): void {
  it.concurrent('an invalid definition is refused with each field that is wrong', async () => {
    const name = uniqueName('invalid');
    const { status, problem } = await readRefusal(() =>
      oven().apply({
        ...oven().buildDefinition(name),
        tests: { suites: [] },
        trigers: {},
        gates: { policy: 'strict' },
      }),
    );
    expect({ status, code: problem.code }).toEqual({ status: 422, code: 'invalid-definition' });
    const fields = (problem.problems ?? []).map(({ field, message }) => `${field}: ${message}`).join('\n');
    expect(fields).toContain('tests.suites');
    expect(fields).toContain('trigers');
    expect(fields).toContain('gates.policy: The policy gate is not implemented yet; remove the field');
    await nothingCameOf(name);
  });

  it.concurrent('an account id of eleven digits is refused by the field that holds it', async () => {
    const name = uniqueName('typo');
    const { status, problem } = await readRefusal(() =>
      oven().apply(
        oven().buildDefinition(name, {
          distribution: { targets: [{ account: '44445555666', regions: ['eu-west-1'] }] },
        }),
      ),
    );
    expect(status).toBe(422);
    expect(problem.problems).toEqual([
      {
        field: 'distribution.targets[0].account',
        message: 'must be an AWS account id: 12 digits, in quotes',
      },
    ]);
    await nothingCameOf(name);
  });

  it.concurrent('an account id with a wrong digit, which is no target of the installation, is refused', async () => {
    const name = uniqueName('digit');
    await oven().publishBase(name);
    const { status, problem } = await readRefusal(() =>
      oven().apply(
        oven().buildDefinition(name, {
          distribution: { targets: [{ account: '444455556667', regions: ['eu-west-1'] }] },
        }),
      ),
    );
    expect(status).toBe(422);
    expect(problem.problems).toMatchObject([
      {
        field: 'distribution.targets[0].account',
        message: '444455556667 is no target account of this installation',
      },
    ]);
    await nothingCameOf(name);
  });

  it.concurrent('a pipeline, a bake and an approval that do not exist are named', async () => {
    const ask = (path: string, body: unknown = {}) =>
      readRefusal(() => oven().deployed.api.request('POST', path, body));
    expect(await ask('/teams/default/pipelines/nowhere/bakes')).toMatchObject({
      status: 404,
      problem: { code: 'pipeline-not-found', detail: expect.stringContaining('"nowhere"') },
    });
    expect(await ask('/bakes/01JZZZZZZZZZZZZZZZZZZZZZZZ/cancel')).toMatchObject({
      status: 404,
      problem: { code: 'bake-not-found' },
    });
    expect(await ask('/approvals/nobody-asked/decision', { decision: 'approve', comment: '' })).toMatchObject(
      { status: 404 },
    );
  });

  it.concurrent('a component and a parent that do not exist are named with what to do', async () => {
    const name = uniqueName('orphan');
    await oven().publishBase(name);
    const component = await readRefusal(() =>
      oven().apply(oven().buildDefinition(name, { components: [{ component: 'no-such-thing/1.x.x' }] })),
    );
    expect(component.problem.problems?.[0]).toMatchObject({
      field: 'components[0].component',
      message: expect.stringContaining('no-such-thing/1.x.x'),
      fix: expect.stringContaining('Create the component'),
    });
    const parent = await readRefusal(() =>
      oven().apply(oven().buildDefinition(name, { base: { pipeline: 'no-parent' } })),
    );
    expect(parent.problem.problems).toEqual([
      {
        field: 'base.pipeline',
        message: 'There is no pipeline named "no-parent".',
        fix: 'Apply the definition of no-parent first.',
      },
    ]);
    const base = await readRefusal(() =>
      oven().apply(oven().buildDefinition(name, { base: { ssm: '/no/such/parameter' } })),
    );
    expect(base.problem.problems?.[0]).toMatchObject({ field: 'base.ssm' });
    await nothingCameOf(name);
  });

  it.concurrent('two definitions of one name are revisions of one pipeline, however close they come', async () => {
    const name = uniqueName('twins');
    await oven().publishBase(name);
    const twin = (description: string) =>
      oven().buildDefinition(name, { description, triggers: { mode: 'manual' } });
    const answers = await Promise.allSettled([
      oven().apply(twin('the first')),
      oven().apply(twin('the second')),
    ]);
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    for (const reason of refused) expect(reason).toMatchObject({ status: 409 });
    const { pipelines } = await oven().observe();
    expect(pipelines.filter((pipeline) => pipeline.name === name)).toHaveLength(1);
    const shown = await oven().deployed.api.showPipeline(name);
    expect(shown.revision).toBe(2 - refused.length);
  });

  it.concurrent('who does not sign is served nothing', async () => {
    const { url } = oven().deployed.api;
    for (const path of ['/pipelines', '/bakes', '/releases']) {
      const answer = await fetch(`${url}${path}`);
      expect([401, 403]).toContain(answer.status);
      expect(await answer.text()).not.toContain('items');
    }
    const name = uniqueName('stranger');
    const answer = await fetch(`${url}/teams/default/pipelines/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(oven().buildDefinition(name)),
    });
    expect([401, 403]).toContain(answer.status);
    await nothingCameOf(name);
  });

  it.concurrent('events that are not for us, or are no events at all, are let go at once', async () => {
    const { cloud, deployment } = oven().deployed;
    const bus = new EventBridgeClient(cloud.clientConfig());
    for (const queue of ['hints', 'wake', 'reconcile'])
      for (const body of MALFORMED_MESSAGES) await oven().queues.send(queue, body);
    const release = { Source: 'ovenbird', DetailType: 'Ovenbird Image Released' };
    const nobody = JSON.stringify({ pipeline: 'nobody', channel: 'stable' });
    await bus.send(
      new PutEventsCommand({
        Entries: [
          { ...release, Detail: '{"pipeline":17}', EventBusName: deployment.outputs.BusName },
          { ...release, Detail: nobody, EventBusName: deployment.outputs.BusName },
          { Source: 'com.example', DetailType: 'Parameter Store Change', Detail: '{}' },
        ],
      }),
    );
    bus.destroy();
    for (const queue of ['hints', 'wake', 'reconcile']) {
      await until(`the queue of ${queue} is empty`, async () =>
        (await oven().queues.countMessages(queue)) === 0 ? true : undefined,
      );
      expect(await oven().queues.countMessages(`${queue}-dead-letters`)).toBe(0);
    }
  });

  it.concurrent('an account is entered where its role lets the service in, and nowhere else', async () => {
    const targets = [WORKLOADS, '444455556667'].map((account) => ({ account, region: CONTROL.region }));

    expect(await oven().deployed.invoke('open-targets', { targets })).toEqual([
      { account: '444455556667', problem: expect.stringContaining('resources/target-account.yml') },
    ]);
  });

  async function nothingCameOf(name: string): Promise<void> {
    const { pipelines, bakes } = await oven().observe();
    expect(pipelines.filter((pipeline) => pipeline.name === name)).toEqual([]);
    expect(bakes.filter((bake) => bake.pipeline === name)).toEqual([]);
  }
}
