/** Findings of Amazon Inspector become causes of bakes: of exactly those pipelines whose current release holds the package below its fix. */
import { describe, expect, it } from '@jest/globals';
import { BASE_PARAMETER } from '../../support/reconcile-world.ts';
import {
  findingArn,
  vulnerability,
  vulnerabilityEvent,
  vulnerabilityWorld,
} from '../../support/vulnerability-world.ts';

const OPENSSL = vulnerability('1', [{ name: 'openssl', fixed: '3.0.8-2', installed: '3.0.8-1' }]);

async function twoImages(options: Parameters<typeof vulnerabilityWorld>[0] = {}) {
  const world = vulnerabilityWorld(options);
  await world.apply({ name: 'web', base: BASE_PARAMETER });
  await world.apply({ name: 'batch', base: BASE_PARAMETER });
  await world.releaseAll((name) => ({
    glibc: '2.34-1',
    curl: '8.0-1',
    ...(name === 'web' ? { openssl: '3.0.8-1' } : { openssl: '3.0.8-2' }),
  }));
  await world.index();
  return world;
}

describe('A finding', () => {
  it('bakes the image that holds the package below its fix, and says why', async () => {
    const world = await twoImages();
    world.findings.publish(OPENSSL);

    await world.detect(OPENSSL.arn);

    expect(world.running().map(({ pipeline, reason }) => ({ pipeline, reason }))).toEqual([
      { pipeline: 'web', reason: 'CVE-2026-1 in openssl: fixed in 3.0.8-2, found 3.0.8-1.' },
    ]);
    expect(world.readMinimumVersions('web')).toEqual({ openssl: '3.0.8-2' });
    expect(world.readMinimumVersions('batch')).toEqual({});
    const [change] = world.findingChanges();
    expect(change).toMatchObject({ selector: `finding:${OPENSSL.arn}`, from: '3.0.8-1', to: '3.0.8-2' });
    expect(world.running()[0]?.causes).toEqual([change?.id]);
  });

  it('asks for nothing more once an image with the fix is released', async () => {
    const world = await twoImages();
    world.findings.publish(OPENSSL);
    await world.detect(OPENSSL.arn);

    await world.releaseAll(() => ({ openssl: '3.0.8-2' }));
    await world.index();
    await world.detect(OPENSSL.arn);
    await world.resync();
    await world.runUntilIdle();

    expect(world.bakes('web')).toHaveLength(2);
    expect(world.findingChanges()).toHaveLength(1);
  });

  it('does not bake again and again where the feed has no fix', async () => {
    const world = await twoImages();
    world.findings.publish(OPENSSL);
    await world.detect(OPENSSL.arn);

    await world.releaseAll(() => ({ openssl: '3.0.8-1' }));
    await world.index();
    await world.detect(OPENSSL.arn);
    await world.resync();
    await world.runUntilIdle();

    expect(world.bakes('web')).toHaveLength(2);
    expect(world.running()).toEqual([]);
  });

  it('is not believed: an event about one that is closed does nothing', async () => {
    const world = await twoImages();

    await world.detect(OPENSSL.arn);

    expect(world.running()).toEqual([]);
    expect(world.findingChanges()).toEqual([]);
  });

  it('about the network is none of ours', async () => {
    const world = await twoImages();
    world.findings.publish(OPENSSL);
    const before = world.findings.asked();

    world.hints.push(vulnerabilityEvent(OPENSSL.arn, { type: 'NETWORK_REACHABILITY' }));
    await world.runUntilIdle();

    expect(world.findings.asked()).toBe(before);
  });

  it('that comes before the release that holds the package concerns it all the same', async () => {
    const world = vulnerabilityWorld();
    await world.apply({ name: 'web', base: BASE_PARAMETER });
    await world.runUntilIdle();
    world.findings.publish(OPENSSL);
    await world.detect(OPENSSL.arn);
    expect(world.findingChanges()).toEqual([]);

    await world.releaseAll(() => ({ openssl: '3.0.8-1' }));
    await world.index();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['web']);
    expect(world.findingChanges()).toHaveLength(1);
  });

  it('that was closed before the release concerns no pipeline', async () => {
    const world = vulnerabilityWorld();
    await world.apply({ name: 'web', base: BASE_PARAMETER });
    await world.runUntilIdle();
    world.findings.publish(OPENSSL);
    await world.detect(OPENSSL.arn);
    world.findings.close(OPENSSL.arn);

    await world.releaseAll(() => ({ openssl: '3.0.8-1' }));
    await world.index();

    expect(world.running()).toEqual([]);
  });

  it('that stands behind one that was closed is found by the resync', async () => {
    const world = vulnerabilityWorld();
    await world.apply({ name: 'web', base: BASE_PARAMETER });
    await world.runUntilIdle();
    const newer = vulnerability('2', [{ name: 'openssl', fixed: '3.1' }]);
    world.findings.publish(newer);
    await world.detect(newer.arn);
    world.findings.publish(OPENSSL);
    await world.detect(OPENSSL.arn);
    world.findings.close(newer.arn);
    await world.releaseAll(() => ({ openssl: '3.0.8-1' }));
    await world.index();
    expect(world.running()).toEqual([]);

    await world.resync();
    await world.runUntilIdle();

    expect(world.readMinimumVersions('web')).toEqual({ openssl: '3.0.8-2' });
    expect(world.running()).toHaveLength(1);
  });

  it('that no event told of is found by the resync, on whichever page it is', async () => {
    const world = await twoImages();
    for (let n = 10; n < 16; n += 1)
      world.findings.publish(vulnerability(String(n), [{ name: `other-${n}`, fixed: '2' }]));
    world.findings.publish(OPENSSL);

    await world.resync();
    await world.runUntilIdle();

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['web']);
  });

  it('raises what is wanted, and never lowers it', async () => {
    const world = await twoImages();
    const older = vulnerability('3', [{ name: 'openssl', fixed: '3.0.8-1.5' }]);
    for (const entry of [OPENSSL, older]) {
      world.findings.publish(entry);
      await world.detect(entry.arn);
    }
    expect(world.readMinimumVersions('web')).toEqual({ openssl: '3.0.8-2' });

    const newest = vulnerability('4', [{ name: 'openssl', fixed: '1:3.2' }]);
    world.findings.publish(newest);
    await world.detect(newest.arn);

    expect(world.readMinimumVersions('web')).toEqual({ openssl: '1:3.2' });
    expect(world.readMinimumVersions('batch')).toEqual({ openssl: '1:3.2' });
  });

  it('of another family of systems does not concern an image', async () => {
    const world = await twoImages();
    world.findings.publish(vulnerability('5', [{ name: 'curl', fixed: '9.0-1', format: 'apt' }]));

    await world.detect(findingArn('5'));

    expect(world.running()).toEqual([]);
  });

  it('reads an inventory that leaves out epochs', async () => {
    const world = await twoImages();
    world.findings.publish(vulnerability('6', [{ name: 'openssl', fixed: '1:3.0.8-2' }]));

    await world.detect(findingArn('6'));

    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['web']);
  });

  it('that concerns more images than may start without a person waits for one', async () => {
    const world = await twoImages({ limits: { wave: 1 } });
    world.findings.publish(vulnerability('7', [{ name: 'curl', fixed: '9.0-1' }]));

    await world.detect(findingArn('7'));

    expect(world.running()).toEqual([]);
    expect(world.findingChanges()[0]?.wave).toMatchObject({ isMore: true });
    expect(world.status('web')?.decision?.reasons[0]?.code).toBe('wave-unconfirmed');
  });

  it('told twice at once is recorded once', async () => {
    const world = await twoImages();
    world.findings.publish(OPENSSL);

    world.hints.push(vulnerabilityEvent(OPENSSL.arn), vulnerabilityEvent(OPENSSL.arn));
    await Promise.all([world.handleNextMessage(), world.handleNextMessage()]);
    await world.runUntilIdle();

    expect(world.findingChanges()).toHaveLength(1);
    expect(world.bakes('web')).toHaveLength(2);
  });

  it('on a thousand instances asks Inspector once', async () => {
    const world = await twoImages();
    world.findings.publish(OPENSSL);
    const before = world.findings.asked();

    for (let instance = 0; instance < 1000; instance += 1)
      world.hints.push(
        vulnerabilityEvent(instance === 0 ? OPENSSL.arn : findingArn(`other-${instance}`), {
          packageVulnerabilityDetails: {
            vulnerablePackages: [{ name: 'openssl', version: '3.0.8', fixedInVersion: '3.0.8-2' }],
          },
          resources: [{ details: { awsEc2Instance: { platform: 'AMAZON_LINUX_2023' } } }],
        }),
      );
    await world.handleNextMessage();
    while (world.hints.length > 0) await world.handleNextMessage();
    await world.runUntilIdle();

    expect(world.findings.asked() - before).toBe(1);
    expect(world.findingChanges()).toHaveLength(1);
    expect(world.running().map(({ pipeline }) => pipeline)).toEqual(['web']);
  });

  it('is told to as many pipelines as there are', async () => {
    const world = vulnerabilityWorld({ pageSize: 7 });
    const names = Array.from({ length: 30 }, (_, n) => `image-${n}`);
    for (const name of names) await world.apply({ name, base: BASE_PARAMETER });
    await world.releaseAll(() => ({ openssl: '3.0.8-1' }));
    await world.index();
    world.findings.publish(OPENSSL);

    await world.detect(OPENSSL.arn);

    expect(
      world
        .running()
        .map(({ pipeline }) => pipeline)
        .sort(),
    ).toEqual([...names].sort());
    expect(world.findingChanges()).toHaveLength(1);
  });
});

describe('The index of packages', () => {
  it('holds what the current release holds, and nothing of the one before', async () => {
    const world = await twoImages();
    await world.request('web', true);

    await world.releaseAll(() => ({ glibc: '2.34-1', 'libc-bin': '1', openssl: '3.1' }));
    await world.index();

    expect(world.indexed().filter((line) => line.startsWith('web'))).toEqual([
      'web glibc 2.34-1',
      'web libc-bin 1',
      'web openssl 3.1',
    ]);
    expect(world.openJobs()).toBe(0);
  });

  it('takes inventories of any size, and goes on where it stopped', async () => {
    const world = vulnerabilityWorld();
    await world.apply({ name: 'web', base: BASE_PARAMETER });
    const many = Object.fromEntries(Array.from({ length: 350 }, (_, n) => [`package-${n}`, '1']));
    await world.releaseAll(() => many);
    let writes = 0;
    const table = {
      ...world.table,
      write: async (given: Parameters<typeof world.table.write>[0]) => {
        if (given.length > 50) writes += 1;
        if (writes === 3) throw new Error('killed');
        await world.table.write(given);
      },
    };
    await world.sweep();

    await expect(world.handleNextMessage({ table })).rejects.toThrow('killed');
    expect(world.indexed()).toHaveLength(198);
    await world.index();

    expect(world.indexed()).toHaveLength(350);
    expect(world.openJobs()).toBe(0);
  });

  it('is brought to the newest release, whatever came of the one before', async () => {
    const world = vulnerabilityWorld();
    await world.apply({ name: 'web', base: BASE_PARAMETER });
    await world.releaseAll(() => ({ a: '1', b: '1' }));
    await world.index();
    await world.request('web', true);
    await world.releaseAll(() => ({ b: '2', c: '1' }));
    await world.request('web', true);
    await world.releaseAll(() => ({ c: '1', d: '1' }));

    await world.index();

    expect(world.indexed()).toEqual(['web c 1', 'web d 1']);
  });
});
