import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCleanUpApi } from '../../functions/preview-clean-up/app.ts';
import { findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import { cleanUpReleases } from '../../shared/use-cases/releases/clean-up-releases.ts';
import { createStage, type Stage } from '../properties/retention/stage.ts';
import { reconcileWorld } from '../support/reconcile-world.ts';
import { createApiForWorld, serveWorld } from '../support/serve-world.ts';
import { ovenbird, type Ran } from './run.ts';

const DAY = 86_400;
let stage: Stage;
let service: Awaited<ReturnType<typeof serveWorld>>;

/** Three releases of `web`, of which the newest alone is kept. */
beforeEach(async () => {
  stage = createStage({ keep: 1, days: 0 });
  await stage.seed();
  for (const copies of [[0], [0, 1], [0]]) {
    await stage.release({ copies, shared: false });
    stage.clock.forward(DAY);
  }
  const onError = (error: unknown) => {
    throw error;
  };
  const world = reconcileWorld();
  const api = createApiForWorld({ ...world, ports: { ...world.ports, table: stage.table } });
  service = await serveWorld(world, [createCleanUpApi({ ...stage.deps, onError }), api]);
});
afterEach(() => service.close());

const run = (...args: string[]): Promise<Ran> =>
  ovenbird(['clean-up', ...args], { env: { OVENBIRD_API_URL: service.url } });

describe('ovenbird clean-up', () => {
  it('says what would end, why, what it saves, and what keeps the others', async () => {
    const [oldest, second] = stage.releases();
    const image = second?.targets[1]?.artifact;
    if (image === undefined) throw new Error('There is no second copy.');
    const { account, region } = image;
    stage.world.uses.push({ account, region, imageId: findArtifactId(image), by: 'instance i-1' });

    const { code, stdout } = await run('web', '--dry-run', '--team', 'default');

    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(`${oldest?.id} 2026-03-02 08:00 stable 2 images, up to USD 0.80 a month`);
    expect(text).toContain(
      'will be marked, and removed two days later: It is not among the newest 1 of stable',
    );
    expect(text).toContain(`stays: ${findArtifactId(image)}: instance i-1.`);
    expect(text).toContain('1 release would end: up to USD 0.80 a month less.');
  });

  it('keeps a release that was marked, and lets it go again', async () => {
    const [oldest] = stage.releases();
    const id = oldest?.id ?? '';
    await cleanUpReleases(stage.deps);

    const kept = await run('web', '--keep', id, '--team', 'default');
    stage.clock.forward(3 * DAY);
    await cleanUpReleases(stage.deps);

    expect(kept).toMatchObject({ code: 0, stdout: expect.stringContaining('is kept, whatever') });
    expect(stage.releases().map(({ cleanUp }) => cleanUp)).toEqual([undefined, 'removed', undefined]);

    await run('web', '--let-go', id, '--team', 'default');
    await cleanUpReleases(stage.deps);
    expect(stage.releases()[0]).toMatchObject({ cleanUp: 'announced' });
  });

  it('refuses to keep what is gone, and what it is not told', async () => {
    const gone = stage.releases()[0]?.id ?? '';
    await cleanUpReleases(stage.deps);
    stage.clock.forward(3 * DAY);
    await cleanUpReleases(stage.deps);

    expect(await run('web', '--keep', gone, '--team', 'default')).toMatchObject({ code: 4 });
    expect(await run('web', '--keep', 'nothing', '--team', 'default')).toMatchObject({ code: 3 });
    expect(await run('web')).toMatchObject({ code: 2 });
    expect(await run('--keep', gone)).toMatchObject({ code: 2 });
  });
});
