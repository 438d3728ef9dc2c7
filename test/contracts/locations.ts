import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Artifact, findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import { TAGS } from '../../shared/domain/base/naming.ts';
import type { ArtifactStore, CopyRequest } from '../../shared/ports/artifact-store.ts';
import type { Location, Locations } from '../../shared/ports/locations.ts';

/** What stands ready for a suite: one artifact of two volumes in the control account, one target with the template for targets. */
export interface LocationsHarness {
  readonly locations: Locations;
  readonly source: Artifact;
  readonly target: { readonly account: string; readonly region: string };
  /** Account without the role. */
  readonly closedAccount: string;
  /** Key of the target, as definitions name it. */
  readonly key: string;
  /** A launch template of the target that is given to Ovenbird. */
  readonly launchTemplate: string;
  /** Brings the copies that are on their way to their end. */
  readonly finishCopies: () => Promise<void>;
}

/** What a store of artifacts and the pointers of a location must do. Names carry a random part, so that the suite can run where others work. */
export function locationsContract(name: string, makeBench: () => Promise<LocationsHarness>): void {
  describe(`${name} as a store and pointers of locations`, () => {
    let bench: LocationsHarness;
    let target: Location;
    let store: ArtifactStore;
    let own: ArtifactStore;
    let run: string;

    beforeEach(async () => {
      bench = await makeBench();
      const { kind, region } = bench.source;
      target = await bench.locations.open(bench.target.account, bench.target.region);
      store = target.artifacts[kind];
      own = bench.locations.openControl(region).artifacts[kind];
      run = Math.random().toString(36).slice(2, 10);
    });

    const share = () => own.share(bench.source, [bench.target.account]);
    const request = async (changes: Partial<CopyRequest> = {}): Promise<CopyRequest> => ({
      clientToken: `token-${run}`,
      name: `ovenbird-contract-${run}`,
      description: 'made by a contract suite',
      key: await store.resolveKey(bench.key),
      tags: { [TAGS.bake]: run, [TAGS.attempt]: '1', [TAGS.managed]: 'true', team: 'shop' },
      ...changes,
    });
    const copied = async (): Promise<Artifact> => {
      await share();
      const artifact = await store.copyFrom(bench.source, await request());
      await bench.finishCopies();
      return artifact;
    };

    /** A store may look at a value after it has answered. */
    const untilShown = async (parameter: string, id: string): Promise<void> => {
      const deadline = Date.now() + 5000;
      while ((await target.pointers.readParameter(parameter)) !== id)
        if (Date.now() > deadline) throw new Error(`${parameter} never shows ${id}.`);
    };

    it('shows a target only what it is permitted', async () => {
      await own.unshare(bench.source, [bench.target.account]);

      await expect(store.copyFrom(bench.source, await request())).rejects.toMatchObject({
        name: 'TryLater',
        facts: { unsettled: true },
      });
    });

    it('copies with all volumes under the target key, and marks the image', async () => {
      const artifact = await copied();

      const facts = await store.describe(findArtifactId(artifact));
      const key = await store.resolveKey(bench.key);
      expect(key).toMatch(/^arn:/);
      expect(facts).toMatchObject({
        artifact: { ...artifact, ...bench.target, snapshotIds: expect.anything() },
        state: 'available',
        copyOf: { region: bench.source.region, imageId: findArtifactId(bench.source) },
        tags: { team: 'shop', [TAGS.bake]: run },
      });
      expect(facts?.snapshots).toHaveLength(bench.source.snapshotIds.length);
      expect(facts?.snapshots.every(({ encrypted, keyId }) => encrypted && keyId === key)).toBe(true);
    });

    it('finds the copy of an earlier call with the same token', async () => {
      await share();

      const first = await store.copyFrom(bench.source, await request());
      const second = await store.copyFrom(bench.source, await request());

      expect(second).toEqual(first);
      await bench.finishCopies();
      await store.remove(first);
    });

    it('refuses a name that another image has', async () => {
      const artifact = await copied();

      const other = store.copyFrom(bench.source, await request({ clientToken: `other-${run}` }));

      await expect(other).rejects.toMatchObject({ name: 'DistributionFailed' });
      await store.remove(artifact);
    });

    it('finds images by bake, and nothing once they are removed, however often', async () => {
      const artifact = await copied();

      const found = await store.findByBake(run);
      await store.remove(artifact);
      await store.remove(artifact);

      expect(found.map((facts) => findArtifactId(facts.artifact))).toEqual([findArtifactId(artifact)]);
      expect(await store.findByBake(run)).toEqual([]);
      const after = await store.describe(findArtifactId(artifact));
      expect(after === undefined || after.state === 'deregistered').toBe(true);
    });

    it('deprecates and tags', async () => {
      const artifact = await copied();
      const at = new Date(Date.now() + 40 * 86_400_000);

      await store.retireAt(artifact, at.toISOString());
      await store.tag(artifact, { stage: 'blue' });

      const facts = await store.describe(findArtifactId(artifact));
      expect(Math.abs(Date.parse(facts?.deprecatedAt ?? '') - at.getTime())).toBeLessThanOrEqual(60_000);
      expect(facts?.tags.stage).toBe('blue');
      await store.unretire(artifact);
      expect((await store.describe(findArtifactId(artifact)))?.deprecatedAt).toBeUndefined();
      await store.remove(artifact);
    });

    it('writes a parameter over what stood there, and removes it however often', async () => {
      const artifact = await copied();
      const id = findArtifactId(artifact);
      const parameter = `/ovenbird/contract-${run}/stable`;

      const before = await target.pointers.readParameter(parameter);
      await target.pointers.writeParameter(parameter, id, { [TAGS.managed]: 'true' });
      await untilShown(parameter, id);
      await target.pointers.writeParameter(parameter, id, { [TAGS.managed]: 'true' });
      const shown = await target.pointers.readParameter(parameter);
      await target.pointers.removeParameter(parameter);
      await target.pointers.removeParameter(parameter);

      expect({ before, shown, after: await target.pointers.readParameter(parameter) }).toEqual({
        before: undefined,
        shown: id,
        after: undefined,
      });
      await store.remove(artifact);
    });

    it('adds a version to a launch template once, makes it the default, and takes it away', async () => {
      const artifact = await copied();
      const id = findArtifactId(artifact);
      const note = `Ovenbird bake ${run}, attempt 1`;
      const before = await target.pointers.readTemplateDefault(bench.launchTemplate);

      const first = await target.pointers.addTemplateVersion(bench.launchTemplate, id, note);
      const second = await target.pointers.addTemplateVersion(bench.launchTemplate, id, note);
      await target.pointers.setDefaultTemplateVersion(bench.launchTemplate, first.version);
      const moved = await target.pointers.readTemplateDefault(bench.launchTemplate);
      const uses = await store.findUses([id, findArtifactId(bench.source)]);
      await target.pointers.setDefaultTemplateVersion(bench.launchTemplate, first.previousDefault);
      await target.pointers.removeTemplateVersion(bench.launchTemplate, first.version);
      await target.pointers.removeTemplateVersion(bench.launchTemplate, first.version);

      expect(second.version).toBe(first.version);
      expect(first.previousDefault).toBe(before?.version);
      expect(moved).toEqual({ version: first.version, imageId: id });
      expect(uses).toEqual([
        { imageId: id, by: `launch template ${bench.launchTemplate}, version ${first.version}` },
      ]);
      expect(await store.findUses([id])).toEqual([]);
      expect(await target.pointers.readTemplateDefault(bench.launchTemplate)).toEqual(before);
      await store.remove(artifact);
    });

    it('finds nothing to object to in a target that is set up', async () => {
      const { key, launchTemplate } = bench;

      const findings = await target.preflight({ key, launchTemplate, parameter: `/ovenbird/${run}/stable` });

      expect(findings).toEqual([]);
    });

    it('asks for no key in a target where nothing is encrypted for it', async () => {
      expect(await target.preflight({ parameter: `/ovenbird/${run}/stable` })).toEqual([]);
    });

    it('names what a target lacks', async () => {
      const findings = await target.preflight({
        key: 'alias/nobody-made-this',
        launchTemplate: `no-template-${run}`,
        parameter: `/ovenbird/${run}/stable`,
      });

      expect(findings.map((finding) => finding.field).sort()).toEqual(['key', 'launchTemplate']);
      expect(findings.every(({ problem, fix }) => problem !== '' && fix !== '')).toBe(true);
    });

    it('says what to do about an account that does not let us in', async () => {
      const opening = bench.locations.open(bench.closedAccount, bench.target.region);

      await expect(opening).rejects.toMatchObject({
        name: 'PreflightFailed',
        message: expect.stringContaining('template'),
      });
    });

    it('reads artifacts of the control account in each region', async () => {
      const { source } = bench;
      const elsewhere = bench.locations.openControl(bench.target.region).artifacts[source.kind];

      expect((await own.describe(findArtifactId(source)))?.artifact).toEqual(source);
      expect(await elsewhere.describe(findArtifactId(source))).toBeUndefined();
      expect(await elsewhere.findByBake(run)).toEqual([]);
    });
  });
}
