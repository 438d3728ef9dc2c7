/** A kind of artifact that is added by its own object, one line in the registry and a store is recorded and cleaned up like an AMI. */
import { expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import type { Artifact } from '../../../shared/domain/artifacts/artifacts.ts';
import type { ArtifactStore } from '../../../shared/ports/artifact-store.ts';
import type { ControlLocations } from '../../../shared/ports/locations.ts';

const schema = z.object({
  kind: z.literal('disk'),
  account: z.string(),
  region: z.string(),
  label: z.string(),
});
type Disk = z.infer<typeof schema>;

jest.mock('../../../shared/domain/artifacts/registry.ts', () => {
  const actual = jest.requireActual<{ ARTIFACTS: object }>('../../../shared/domain/artifacts/registry.ts');
  return { ARTIFACTS: { ...actual.ARTIFACTS, disk: { schema, id: ({ label }: Disk) => label } } };
});

/** As many calls of a store of disks as the bakes make. */
function diskStore(disks: Map<string, { artifact: Disk; tags: Record<string, string> }>) {
  return {
    describe: async (id: string) => {
      const disk = disks.get(id);
      return disk && { ...disk, name: id, state: 'available', architecture: 'x86_64', snapshots: [] };
    },
    findByBake: async () => [],
    tag: async ({ label }: Disk, tags: Record<string, string>) => {
      Object.assign(disks.get(label)?.tags ?? {}, tags);
    },
    remove: async ({ label }: Disk) => void disks.delete(label),
  } as unknown as ArtifactStore;
}

/** Built up to the end of the build machine; modules are loaded after the registry was replaced. */
async function build() {
  const support = await import('../../support/bake-world.ts');
  const { cleanUpBake } = await import('../../../shared/use-cases/bakes/clean-up-bake.ts');
  const { recordImage } = await import('../../../shared/use-cases/bakes/record-image.ts');
  const { ArtifactRecordSchema } = await import('../../../shared/domain/records/bakes.ts');
  const { keys } = await import('../../../shared/domain/base/naming.ts');
  const w = support.bakeWorld();
  await w.fill();
  const disks = new Map<string, { artifact: Disk; tags: Record<string, string> }>();
  const disk = diskStore(disks);
  const locations = {
    ...w.locations,
    openControl: (region: string) => ({ artifacts: { ...w.locations.openControl(region).artifacts, disk } }),
  } satisfies ControlLocations;
  support.whileWaiting(w, ({ kind, resource }) => {
    if (kind !== 'image') return;
    const artifact = { kind: 'disk' as const, ...w.home, label: 'disk-1' };
    disks.set('disk-1', { artifact, tags: {} });
    w.engine.set(resource, { state: 'available', artifact: artifact as unknown as Artifact });
  });
  const run = await w.run('build', {
    'Record the image': ({ payload }) => recordImage({ ...w, locations }, payload as never),
  });
  const record = async () =>
    ArtifactRecordSchema.parse(await w.table.get(keys.artifact(support.BAKE, 'x86-64')));
  return { run, disks, record, cleanUp: () => cleanUpBake({ ...w, locations }, support.REF) };
}

it('is tagged and recorded with its own fields', async () => {
  const { run, disks, record } = await build();

  expect(run).toMatchObject({ status: 'SUCCEEDED' });
  expect((await record()).artifact).toMatchObject({ kind: 'disk', label: 'disk-1' });
  expect(disks.get('disk-1')?.tags).toMatchObject({ 'ovenbird:managed': 'true' });
});

it('is removed from its own store by the clean-up', async () => {
  const { disks, record, cleanUp } = await build();

  expect((await cleanUp()).removed).toContain('disk-1');
  expect(disks.size).toBe(0);
  expect(await record()).toMatchObject({ removed: true });
});
