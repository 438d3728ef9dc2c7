import { afterEach, expect, it } from '@jest/globals';
import { until } from '../../support/deployed-cloud.ts';
import { findBase, named, type Oven } from './oven.ts';

/** Events come often, early, late or not at all. */
export function events(oven: () => Oven): void {
  afterEach(() => oven().calm());

  it('the same event ten times is one change and one bake', async () => {
    const name = named('ten-times');
    await oven().plant(name);
    await oven().reaches(name, 'released');
    // Each event comes twice, and eight more are in the queue.
    await oven().control.addEventFault({ effect: 'repeat', times: null });
    const base = await oven().newBase(name);
    const event = JSON.stringify({
      source: 'aws.ssm',
      'detail-type': 'Parameter Store Change',
      account: '111122223333',
      region: 'eu-west-1',
      detail: { operation: 'Update', name: findBase(name), type: 'String' },
    });
    await Promise.all(Array.from({ length: 8 }, () => oven().queues.send('hints', event)));
    await oven().reaches(name, 'released', { number: 2 });
    await until('the queue of hints is empty', async () =>
      (await oven().queues.holds('hints')) + (await oven().queues.holds('plans')) === 0 ? true : undefined,
    );
    expect((await oven().bakes(name)).map(({ state }) => state)).toEqual(['released', 'released']);
    const changes = (await oven().deployed.api.changes()).filter(({ selector }) =>
      selector.endsWith(findBase(name)),
    );
    expect(changes.filter(({ to }) => to === base)).toHaveLength(1);
  });

  it('what ended before anybody waited for it is found when the wait is registered', async () => {
    const name = named('early');
    // Two seconds are twenty minutes of the build: its last event comes when there is no token yet.
    const { id } = await oven().control.addFault({
      service: 'dynamodb',
      operation: '*',
      principal: 'RegisterWait',
      times: 2,
      effect: { delayMs: 2000 },
    });
    await oven().plant(name);
    const bake = await oven().reaches(name, 'released');
    expect((await oven().calls()).filter(({ fault }) => fault === id)).toHaveLength(2);
    await oven().releasedOnce(name);
    await oven().leavesNothing(bake);
  });

  it('a bake is noticed and released when every event is lost', async () => {
    const parent = named('unheard');
    const child = named('unheard-child');
    await oven().plant(parent);
    await oven().plant(child, { base: { pipeline: parent } });
    await oven().reaches(child, 'released');
    await oven().control.addEventFault({ effect: 'lose', times: null });
    await oven().newBase(parent);
    await until(
      'the second bakes are released',
      async () => {
        const bakes = [...(await oven().bakes(parent)), ...(await oven().bakes(child))];
        if (bakes.filter(({ state }) => state === 'released').length === 4) return true;
        await oven().deployed.invoke('reconcile-selectors');
        await oven().passTime();
        return undefined;
      },
      { seconds: 90, everyMs: 1000 },
    );
    expect((await oven().bakes(parent)).length).toBe(2);
    expect((await oven().bakes(child)).length).toBe(2);
  });
}
