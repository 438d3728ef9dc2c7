import { beforeEach, describe, expect, it } from '@jest/globals';
import { keys, lists } from '../../../shared/domain/base/naming.ts';
import { deletePipeline } from '../../../shared/use-cases/definitions/delete-pipeline.ts';
import { disablePipeline } from '../../../shared/use-cases/definitions/disable-pipeline.ts';
import { enablePipeline } from '../../../shared/use-cases/definitions/enable-pipeline.ts';
import { listChanges, listPipelineBakes } from '../../../shared/use-cases/queries/list-pages.ts';
import { confirmWave } from '../../../shared/use-cases/reconcile/confirm-wave.ts';
import { ami, BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../../support/reconcile-world.ts';

const TOPIC = `ssm:eu-west-1:${BASE_PARAMETER}`;
let world: ReconcileWorld;

beforeEach(() => {
  world = reconcileWorld();
});

/** Every bake that runs is released, until none runs any more. */
async function releaseAll(): Promise<void> {
  for (let rounds = 0; rounds < 50; rounds += 1) {
    await world.runUntilIdle();
    const running = world.running();
    if (running.length === 0) return;
    for (const { id } of running) await world.release(id);
  }
  throw new Error('It never ends.');
}
async function changeBase(number: number): Promise<void> {
  world.parameters.set(BASE_PARAMETER, ami(number));
  await world.detect(TOPIC);
  await world.runUntilIdle();
}
const codes = (name: string) => world.status(name)?.decision?.reasons.map(({ code }) => code);

describe('disabling', () => {
  it('keeps a pipeline from starting, says so, and lets those who wait for it go on', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'web', base: 'base', components: [] });
    await releaseAll();
    await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: 'Broken upstream.' });
    await changeBase(2);

    expect(world.running()).toEqual([]);
    expect(codes('base')).toEqual(['disabled']);
    expect(world.pipeline('base').disabled).toMatchObject({ by: 'anna', reason: 'Broken upstream.' });
  });

  it('says who came first when it is done twice, and survives a new definition', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    const first = await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: 'One.' });
    const second = await disablePipeline(world.ports, { pipeline: 'base', by: 'ben', reason: 'Two.' });
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { description: 'New.' } });

    expect([first.outcome, second.outcome]).toEqual(['changed', 'unchanged']);
    expect(second.disabled).toMatchObject({ by: 'anna', reason: 'One.' });
    expect(world.pipeline('base')).toMatchObject({ revision: 2, enabled: false, disabled: { by: 'anna' } });
  });

  it('leaves a bake that runs alone, and names it', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    const [bake] = world.running();

    const answer = await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: '' });

    expect(answer.bake).toBe(bake?.id);
    expect(world.running()).toHaveLength(1);
  });
});

describe('enabling', () => {
  it('starts what waited meanwhile', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll();
    await disablePipeline(world.ports, { pipeline: 'base', by: 'anna', reason: '' });
    await changeBase(2);

    const answer = await enablePipeline(world.ports, { pipeline: 'base' });

    expect(answer).toMatchObject({ outcome: 'changed', plan: { kind: 'started' } });
    expect(world.pipeline('base').disabled).toBeUndefined();
  });

  it('lets versions that failed too often be tried again, and changes nothing the second time', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER, more: { lifecycle: { maxFailures: 1 } } });
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.fail(id);
    await world.runUntilIdle();
    expect(world.running()).toEqual([]);

    const answer = await enablePipeline(world.ports, { pipeline: 'base' });
    const again = await enablePipeline(world.ports, { pipeline: 'base' });

    expect(answer).toMatchObject({ outcome: 'changed', plan: { kind: 'started' } });
    expect(again).toMatchObject({ outcome: 'unchanged', plan: { kind: 'running' } });
  });

  it('leaves refused what a person decided against', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.fail(id, 'ApprovalRejected', 'Not like this.');
    await world.runUntilIdle();

    const answer = await enablePipeline(world.ports, { pipeline: 'base' });

    expect(answer.plan).toMatchObject({ kind: 'held', reasons: [{ code: 'refused' }] });
  });

  it('does not know a pipeline that is not there', async () => {
    await expect(enablePipeline(world.ports, { pipeline: 'nobody' })).rejects.toMatchObject({
      code: 'pipeline-not-found',
    });
  });
});

describe('deleting', () => {
  const remove = (pipeline: string) => deletePipeline(world.ports, { pipeline, by: 'anna' });

  it('is refused while something is built on the pipeline, and while it bakes', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'web', base: 'base' });
    await world.runUntilIdle();

    await expect(remove('base')).rejects.toMatchObject({
      code: 'pipeline-has-children',
      message: expect.stringContaining('web is built on base'),
      facts: { children: ['web'] },
    });
    await releaseAll();
    await world.request('web', true);
    await expect(remove('web')).rejects.toMatchObject({
      code: 'pipeline-baking',
      message: expect.stringContaining('ovenbird cancel'),
    });
  });

  it('leaves nothing that detect or reconcile would find, and all of its history', async () => {
    world.publishComponent('tool', '1.0.0');
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.apply({ name: 'web', base: 'base', components: ['tool/1.x.x'] });
    await releaseAll();

    await remove('web');
    await remove('base');

    const left = world.table.items();
    const kept = /^(?:PIPELINE#(?:base|web)$|BAKE#|CHANGE#|OUTBOX#|APPROVAL#|WAIT#|CAPACITY#)/;
    expect(left.map(({ pk }) => pk).filter((pk) => !kept.test(pk))).toEqual([]);
    expect(
      left.filter(({ listPk }) => listPk === lists.pipelines || String(listPk).startsWith('SELECTORS')),
    ).toEqual([]);
    // The index of packages takes a job to be emptied.
    const later = left.filter(({ pk, duePk }) => pk.startsWith('PIPELINE#') && duePk !== undefined);
    expect(later.map(({ sk, bake }) => [sk, bake])).toEqual([
      ['INVENTORY#stable', 'deleted'],
      ['INVENTORY#stable', 'deleted'],
    ]);
    expect((await listPipelineBakes(world.ports, 'web', { limit: 10 })).items).toHaveLength(1);
    expect(world.changes().at(-1)).toMatchObject({ selector: 'definition:base', to: 'deleted by anna' });
  });

  it('takes a pipeline away that is made of more than one transaction holds', async () => {
    const tools = Array.from({ length: 40 }, (_, number) => `tool-${number}`);
    for (const tool of tools) world.publishComponent(tool, '1.0.0');
    const named = tools.map((tool) => `${tool}/1.x.x`);
    const suites = [{ name: 'boots', script: 'true' }];
    await world.apply({
      name: 'many',
      base: BASE_PARAMETER,
      components: named.slice(0, 20),
      more: { tests: { suites, components: named.slice(20).map((component) => ({ component })) } },
    });
    await releaseAll();

    await remove('many');

    const left = world.table.items().filter(({ pk }) => /^(?:SELECTOR|TOPIC|PARAMETER)#/.test(pk));
    expect(left).toEqual([]);
  });

  it('keeps selectors that others use, and changes of those go on being detected', async () => {
    await world.apply({ name: 'one', base: BASE_PARAMETER });
    await world.apply({ name: 'two', base: BASE_PARAMETER });
    await releaseAll();

    await remove('one');
    await changeBase(2);

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['two']);
  });

  it('does nothing when a late message asks for its plan, and is not found twice', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll();
    await remove('base');
    await world.ports.reconcileQueue.send([{ pipeline: 'base', delaySeconds: 0 }]);

    await world.runUntilIdle();

    await expect(remove('base')).rejects.toMatchObject({ code: 'pipeline-not-found' });
  });

  it('loses against an apply that begins to use its image or its selectors meanwhile', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll();
    const { table } = world.ports;
    let isFirst = true;
    const interleaved = {
      ...world.ports,
      table: {
        ...table,
        write: async (writes: Parameters<typeof table.write>[0]) => {
          if (isFirst) {
            isFirst = false;
            await world.apply({ name: 'web', base: 'base' });
            await world.apply({ name: 'other', base: BASE_PARAMETER });
          }
          await table.write(writes);
        },
      },
    };

    await expect(deletePipeline(interleaved, { pipeline: 'base', by: 'anna' })).rejects.toMatchObject({
      code: 'pipeline-has-children',
    });
    await remove('web');
    await remove('base');
    expect(world.table.peek(keys.selector(TOPIC))).toBeDefined();
  });

  it('goes on with the next revision when the pipeline comes back', async () => {
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll();
    await remove('base');

    const applied = await world.apply({ name: 'base', base: BASE_PARAMETER });
    await releaseAll();

    expect(applied).toMatchObject({ revision: 2, outcome: 'created' });
    expect(world.channel('base')).toBeDefined();
  });
});

describe('a wave above the cap', () => {
  beforeEach(async () => {
    world = reconcileWorld({ limits: { wave: 2 } });
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    for (const name of ['one', 'two']) await world.apply({ name, base: 'base' });
    await releaseAll();
    await changeBase(2);
  });
  const waiting = async () => (await listChanges(world.ports, { limit: 10, unconfirmed: true })).items;

  it('waits, is listed, and people are told', async () => {
    await world.publish();

    expect(world.running()).toEqual([]);
    expect(await waiting()).toMatchObject([{ selector: TOPIC, wave: { size: 2, isMore: true } }]);
    expect(world.mails.at(-1)).toMatchObject({
      subject: expect.stringContaining('Confirm more than 2 images?'),
      attributes: { kind: 'wave-waiting' },
    });
    for (const line of world.mails.at(-1)?.text.split('\n') ?? [])
      expect(line.length).toBeLessThanOrEqual(80);
  });

  it('starts when a person confirms it, once, and is listed no longer', async () => {
    const [change] = await waiting();
    const id = change?.id ?? '';

    const first = await confirmWave(world.ports, { change: id, by: 'anna' });
    const second = await confirmWave(world.ports, { change: id, by: 'ben' });
    await releaseAll();

    expect(first.wave?.confirmed?.by).toBe('anna');
    expect(second).toEqual(first);
    expect(await waiting()).toEqual([]);
    expect(world.bakes().filter(({ reason }) => reason !== '')).toHaveLength(6);
  });

  it('starts too when the confirming process dies before any pipeline is enqueued', async () => {
    const [change] = await waiting();
    const silent = { ...world.ports, reconcileQueue: { send: () => Promise.reject(new Error('gone')) } };
    await expect(confirmWave(silent, { change: change?.id ?? '', by: 'anna' })).rejects.toThrow('gone');

    world.clock.forward(61);
    await world.sweep();
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['base']);
    expect(world.table.peek(keys.wave(change?.id ?? ''))?.duePk).toBeUndefined();
  });

  it('holds a pipeline that is reconciled while it is being confirmed only until the next round', async () => {
    const [change] = await waiting();
    const { table } = world.ports;
    let isFirst = true;
    await world.table.write([{ update: keys.status('base'), set: { dirty: true }, remove: ['decision'] }]);
    await world.ports.reconcileQueue.send([{ pipeline: 'base', delaySeconds: 0 }]);
    await world.handleNextMessage({
      table: {
        ...table,
        write: async (writes) => {
          if (isFirst) {
            isFirst = false;
            await confirmWave(world.ports, { change: change?.id ?? '', by: 'anna' });
          }
          await table.write(writes);
        },
      },
    });

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['base']);
  });

  it('cannot be confirmed where there is none', async () => {
    const other = world.changes().find(({ wave }) => wave === undefined);

    await expect(confirmWave(world.ports, { change: 'nothing', by: 'anna' })).rejects.toMatchObject({
      code: 'change-not-found',
    });
    await expect(confirmWave(world.ports, { change: other?.id ?? '', by: 'anna' })).rejects.toMatchObject({
      code: 'nothing-to-confirm',
    });
  });
});
