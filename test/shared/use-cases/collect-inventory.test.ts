import { beforeEach, describe, expect, it } from '@jest/globals';
import { keys } from '../../../shared/domain/base/naming.ts';
import { type Inventory, InventorySchema, type Package } from '../../../shared/domain/packages/inventory.ts';
import { ArtifactRecordSchema, AttemptRecordSchema } from '../../../shared/domain/records/bakes.ts';
import { collectInventory } from '../../../shared/use-cases/tests/collect-inventory.ts';
import { allGoesWell, BAKE, type BakeWorld, bakeWorld, REF, whileWaiting } from '../../support/bake-world.ts';
import { printInventory } from '../../support/print-inventory.ts';

let w: BakeWorld;
const start = async (given: Record<string, unknown> = {}) => {
  w = bakeWorld(given);
  await w.fill();
  allGoesWell(w);
};
beforeEach(() => start());

const image = async () => ArtifactRecordSchema.parse(await w.table.get(keys.artifact(BAKE, 'x86-64')));
const failure = async () => AttemptRecordSchema.parse(await w.table.get(keys.attempt(BAKE, 1))).failure;
const inventory = async (): Promise<Inventory> =>
  InventorySchema.parse(JSON.parse((await w.documents.get((await image()).inventory ?? '')) ?? ''));
const comments = () => [...w.commands.sent.values()].map(({ comment }) => comment);

const count = (length: number): Package[] =>
  Array.from({ length }, (_, index) => ({ name: `package-${index}`, version: `1.${index}-1.amzn2023` }));
/** Everything goes well, but the commands that read packages answer this. */
const answerWith = (answer: Parameters<BakeWorld['commands']['answer']>[1]) => {
  w.commands.packages = undefined;
  whileWaiting(w, ({ kind, resource }) => {
    if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
    if (kind === 'instance') w.instances.ready(resource);
    if (kind !== 'command') return;
    const isSuite = !/ inventory\.[0-9.]+$/.test(w.commands.sent.get(resource)?.comment ?? '');
    w.commands.answer(resource, isSuite ? { stdout: 'fine' } : answer);
  });
};

describe('the packages of an image', () => {
  it('are read on its test instance before the suites, with its system and architecture', async () => {
    await w.run('bake');

    expect(comments()).toEqual(['ovenbird web inventory.1.1', 'ovenbird web boots', 'ovenbird web serves']);
    expect(await inventory()).toEqual({
      image: (await image()).artifact?.imageId,
      os: { id: 'amzn', version: '2023' },
      architecture: 'x86_64',
      packages: [
        { name: 'bash', version: '5.2' },
        { name: 'nginx', version: '1.26.2' },
      ],
    });
    expect(await image()).toMatchObject({ inventoryDigest: expect.any(String) });
  });

  it('are read in pages where there are many', async () => {
    w.commands.packages = [...count(3000), { name: 'nginx', version: '1.26.2' }];

    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect((await inventory()).packages).toHaveLength(3001);
    expect(comments().slice(0, 3)).toEqual([
      'ovenbird web inventory.1.1',
      'ovenbird web inventory.1.2',
      'ovenbird web inventory.1.3',
    ]);
  });

  it('are read once for each variant, however many instance types it is tested on', async () => {
    await start({
      tests: { instanceTypes: ['t3.small', 't3.large'], suites: [{ name: 'boots', script: 'true' }] },
    });

    await w.run('bake');

    expect(comments().filter((comment) => comment.includes('inventory'))).toHaveLength(1);
  });

  it('are the same after a repeat of the last step', async () => {
    await w.run('bake');
    const before = await image();
    const input = { ...REF, variant: 'x86-64', instanceType: 't3.small', instance: 'i-1' };

    const again = await collectInventory(w, { ...input, suite: 'inventory.1.1', command: 'command-1' });

    expect(again).toEqual({ suite: '' });
    expect(await image()).toEqual(before);
  });

  it('of an attempt that is over are not written over those of the next', async () => {
    await w.run('bake');
    await w.table.write([{ update: keys.artifact(BAKE, 'x86-64'), set: { attempt: 2, inventory: 'newer' } }]);
    const input = { ...REF, variant: 'x86-64', instanceType: 't3.small', instance: 'i-1' };

    await collectInventory(w, { ...input, suite: 'inventory.1.1', problem: 'late' });
    await expect(
      collectInventory(w, { ...input, suite: 'inventory.1.1', command: 'command-1' }),
    ).rejects.toThrow();

    expect(await image()).toMatchObject({ attempt: 2, inventory: 'newer' });
    expect(await image()).not.toHaveProperty('inventoryProblem');
  });

  it('are read once more when they changed between two pages', async () => {
    w.commands.packages = undefined;
    let reads = 0;
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
      if (kind === 'instance') w.instances.ready(resource);
      if (kind !== 'command') return;
      const { comment = '' } = w.commands.sent.get(resource) ?? {};
      const page = Number(/ inventory\.[0-9]+\.([0-9]+)$/.exec(comment)?.[1]);
      reads += Number.isNaN(page) ? 0 : 1;
      const packages = [...count(700), { name: 'nginx', version: '1.26.2' }];
      const stdout = Number.isNaN(page) ? 'fine' : printInventory(packages, page, reads === 1 ? 1 : 2);
      w.commands.answer(resource, { stdout });
    });

    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect((await inventory()).packages).toHaveLength(701);
    expect(comments()).toContain('ovenbird web inventory.2.1');
  });
});

describe('packages that cannot be read', () => {
  it.each([
    [
      { status: 'failed' as const, exitCode: 127, stderr: 'sh: tr: not found\n' },
      'the command that reads its packages failed with exit code 127: sh: tr: not found',
    ],
    [{ status: 'timed-out' as const }, 'the command that reads its packages ran out of time'],
    [{ stdout: 'hello' }, 'the command that reads its packages was answered with something else'],
    [{ stdout: printInventory([]) }, 'neither rpm nor dpkg knows of a package in it'],
  ])('leave the image good, and no gate that asks for packages passes: %j', async (answer, problem) => {
    answerWith(answer);

    await w.run('bake');

    expect(await image()).toMatchObject({ verdict: 'passed', inventoryProblem: problem });
    expect(await image()).not.toHaveProperty('inventory');
    expect(await failure()).toMatchObject({
      name: 'GateClosed',
      reason: `x86-64: the packages could not be judged: ${problem}`,
    });
  });

  it('do not pass a gate that only forbids', async () => {
    await start({ gates: { packages: { forbid: ['telnet'] } } });
    answerWith({ status: 'failed', exitCode: 1 });

    await w.run('bake');

    expect((await failure())?.reason).toContain('the packages could not be judged');
  });

  it('keep no bake from its release where no gate asks for them', async () => {
    await start({ gates: {} });
    answerWith({ status: 'failed', exitCode: 1 });

    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect(await image()).toMatchObject({ inventoryProblem: expect.stringContaining('exit code 1') });
  });

  it('have a reason where the command never ended', async () => {
    await start({ gates: {} });
    whileWaiting(w, ({ kind, resource }) => {
      if (kind === 'image') w.engine.set(resource, { state: 'available', artifact: w.makeArtifact() });
      if (kind === 'instance') w.instances.ready(resource);
      if (kind === 'command' && w.commands.sent.get(resource)?.comment.includes('inventory'))
        w.clock.forward(10_000);
      else if (kind === 'command') w.commands.answer(resource, { stdout: 'fine' });
    });
    w.commands.packages = undefined;

    await w.run('bake');

    expect(await image()).toMatchObject({ verdict: 'passed', inventoryProblem: expect.stringMatching(/./) });
    expect(w.instances.running()).toEqual([]);
  });
});
