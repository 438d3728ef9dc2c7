import { afterEach, expect, it } from '@jest/globals';
import { until } from '../../support/deployed-cloud.ts';
import { baseParameterName, type FaultHarness, uniqueName } from './harness.ts';

/** Events come often, early, late or not at all. */
export function testEvents(oven: () => FaultHarness): void {
  afterEach(() => oven().removeFaults());

  it('the same event ten times is one change and one bake', async () => {
    const name = uniqueName('ten-times');
    await oven().applyWithOwnBase(name);
    await oven().waitForState(name, 'released');
    // Each event comes twice, and eight more are in the queue.
    await oven().control.addEventFault({ effect: 'repeat', times: null });
    const base = await oven().publishBase(name);
    const event = JSON.stringify({
      source: 'aws.ssm',
      'detail-type': 'Parameter Store Change',
      account: '111122223333',
      region: 'eu-west-1',
      detail: { operation: 'Update', name: baseParameterName(name), type: 'String' },
    });
    await Promise.all(Array.from({ length: 8 }, () => oven().queues.send('hints', event)));
    await oven().waitForState(name, 'released', { number: 2 });
    await until('the queue of hints is empty', async () =>
      (await oven().queues.countMessages('hints')) + (await oven().queues.countMessages('reconcile')) === 0
        ? true
        : undefined,
    );
    expect((await oven().bakes(name)).map(({ state }) => state)).toEqual(['released', 'released']);
    const changes = (await oven().deployed.api.changes()).filter(({ selector }) =>
      selector.endsWith(baseParameterName(name)),
    );
    expect(changes.filter(({ to }) => to === base)).toHaveLength(1);
  });

  it('what ended before anybody waited for it is found when the wait is registered', async () => {
    const name = uniqueName('early');
    // Two seconds are twenty minutes of the build: its last event comes when there is no token yet.
    const { id } = await oven().control.addFault({
      service: 'dynamodb',
      operation: '*',
      principal: 'RegisterWait',
      times: 2,
      effect: { delayMs: 2000 },
    });
    await oven().applyWithOwnBase(name);
    const bake = await oven().waitForState(name, 'released');
    expect((await oven().calls()).filter(({ fault }) => fault === id)).toHaveLength(2);
    await oven().expectReleasedOnce(name);
    await oven().expectNothingLeft(bake);
  });

  it('a change is detected and its bake released when every event is lost', async () => {
    const parent = uniqueName('unheard');
    const child = uniqueName('unheard-child');
    await oven().applyWithOwnBase(parent);
    await oven().applyWithOwnBase(child, { base: { pipeline: parent } });
    await oven().waitForState(child, 'released');
    await oven().control.addEventFault({ effect: 'lose', times: null });
    await oven().publishBase(parent);
    await until(
      'the second bakes are released',
      async () => {
        const bakes = [...(await oven().bakes(parent)), ...(await oven().bakes(child))];
        if (bakes.filter(({ state }) => state === 'released').length === 4) return true;
        await oven().deployed.invoke('resync-selectors');
        await oven().passTime();
        return undefined;
      },
      { seconds: 90, everyMs: 1000 },
    );
    expect((await oven().bakes(parent)).length).toBe(2);
    expect((await oven().bakes(child)).length).toBe(2);
  });
}
