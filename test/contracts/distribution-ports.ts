import { beforeEach, describe, expect, it } from '@jest/globals';
import { TAGS } from '../../shared/domain/base/naming.ts';
import type { CopyRequest, OwnImages } from '../../shared/ports/own-images.ts';
import type { TargetAccount, Targets } from '../../shared/ports/targets.ts';

/** What stands ready for a suite: one source image of two volumes in the control account, one target with the template for targets. */
export interface DistributionHarness {
  readonly artifactStore: OwnImages;
  readonly locations: Targets;
  readonly source: {
    readonly region: string;
    readonly imageId: string;
    readonly snapshotIds: readonly string[];
  };
  readonly target: { readonly account: string; readonly region: string };
  /** Account that has no role for us. */
  readonly closedAccount: string;
  /** Key of the target, as definitions name it. */
  readonly key: string;
  /** A launch template of the target that is given to Ovenbird. */
  readonly launchTemplate: string;
  /** Brings the copies that are on their way to their end. */
  readonly finishCopies: () => Promise<void>;
}

/** What OwnImages and Targets must do together. Names carry a random part, so that the suite can run where others work. */
export function distributionPortsContract(name: string, makeBench: () => Promise<DistributionHarness>): void {
  describe(`${name} as own images and targets`, () => {
    let bench: DistributionHarness;
    let target: TargetAccount;
    let run: string;

    beforeEach(async () => {
      bench = await makeBench();
      target = await bench.locations.open(bench.target.account, bench.target.region);
      run = Math.random().toString(36).slice(2, 10);
    });

    const permit = () =>
      bench.artifactStore.permit(bench.source.region, bench.source.imageId, bench.source.snapshotIds, [
        bench.target.account,
      ]);
    const request = async (changes: Partial<CopyRequest> = {}): Promise<CopyRequest> => ({
      clientToken: `token-${run}`,
      name: `ovenbird-contract-${run}`,
      description: 'made by a contract suite',
      sourceImageId: bench.source.imageId,
      sourceRegion: bench.source.region,
      key: await target.resolveKey(bench.key),
      tags: { [TAGS.bake]: run, [TAGS.attempt]: '1', [TAGS.managed]: 'true', team: 'shop' },
      ...changes,
    });
    const copied = async (): Promise<string> => {
      await permit();
      const { imageId } = await target.copy(await request());
      await bench.finishCopies();
      return imageId;
    };

    it('shows a target only what it is permitted', async () => {
      await bench.artifactStore.revoke(bench.source.region, bench.source.imageId, bench.source.snapshotIds, [
        bench.target.account,
      ]);

      await expect(target.copy(await request())).rejects.toMatchObject({ name: 'TryLater' });
    });

    it('copies with all volumes under the target key, and marks the image', async () => {
      const imageId = await copied();

      const facts = await target.describe(imageId);
      const key = await target.resolveKey(bench.key);
      expect(key).toMatch(/^arn:/);
      expect(facts).toMatchObject({
        imageId,
        state: 'available',
        ownerId: bench.target.account,
        copyOf: { region: bench.source.region, imageId: bench.source.imageId },
        tags: { team: 'shop', [TAGS.bake]: run },
      });
      expect(facts?.snapshots).toHaveLength(bench.source.snapshotIds.length);
      expect(facts?.snapshots.every(({ encrypted, keyId }) => encrypted && keyId === key)).toBe(true);
    });

    it('finds the copy of an earlier call with the same token', async () => {
      await permit();

      const first = await target.copy(await request());
      const second = await target.copy(await request());

      expect(second).toEqual(first);
      await bench.finishCopies();
      await target.remove(first.imageId);
    });

    it('refuses a name that another image has', async () => {
      const imageId = await copied();

      const other = target.copy(await request({ clientToken: `other-${run}` }));

      await expect(other).rejects.toMatchObject({ name: 'DistributionFailed' });
      await target.remove(imageId);
    });

    it('finds images by bake, and nothing once they are removed, however often', async () => {
      const imageId = await copied();

      const found = await target.findByBake(run);
      await target.remove(imageId);
      await target.remove(imageId);

      expect(found.map((image) => image.imageId)).toEqual([imageId]);
      expect(await target.findByBake(run)).toEqual([]);
      const after = await target.describe(imageId);
      expect(after === undefined || after.state === 'deregistered').toBe(true);
    });

    it('deprecates and tags', async () => {
      const imageId = await copied();
      const at = new Date(Date.now() + 40 * 86_400_000);

      await target.deprecate(imageId, at.toISOString());
      await target.tag([imageId], { stage: 'blue' });

      const facts = await target.describe(imageId);
      expect(Math.abs(Date.parse(facts?.deprecatedAt ?? '') - at.getTime())).toBeLessThanOrEqual(60_000);
      expect(facts?.tags.stage).toBe('blue');
      await target.remove(imageId);
    });

    it('writes a parameter over what stood there, and removes it however often', async () => {
      const imageId = await copied();
      const parameter = `/ovenbird/contract-${run}/stable`;

      const before = await target.readParameter(parameter);
      await target.writeParameter(parameter, imageId, { [TAGS.managed]: 'true' });
      await target.writeParameter(parameter, imageId, { [TAGS.managed]: 'true' });
      const shown = await target.readParameter(parameter);
      await target.removeParameter(parameter);
      await target.removeParameter(parameter);

      expect({ before, shown, after: await target.readParameter(parameter) }).toEqual({
        before: undefined,
        shown: imageId,
        after: undefined,
      });
      await target.remove(imageId);
    });

    it('adds a version to a launch template once, makes it the default, and takes it away', async () => {
      const imageId = await copied();
      const note = `Ovenbird bake ${run}, attempt 1`;
      const before = await target.readTemplateDefault(bench.launchTemplate);

      const first = await target.addTemplateVersion(bench.launchTemplate, imageId, note);
      const second = await target.addTemplateVersion(bench.launchTemplate, imageId, note);
      await target.setDefaultTemplateVersion(bench.launchTemplate, first.version);
      const moved = await target.readTemplateDefault(bench.launchTemplate);
      await target.setDefaultTemplateVersion(bench.launchTemplate, first.previousDefault);
      await target.removeTemplateVersion(bench.launchTemplate, first.version);
      await target.removeTemplateVersion(bench.launchTemplate, first.version);

      expect(second.version).toBe(first.version);
      expect(first.previousDefault).toBe(before?.version);
      expect(moved).toEqual({ version: first.version, imageId });
      expect(await target.readTemplateDefault(bench.launchTemplate)).toEqual(before);
      await target.remove(imageId);
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

    it('copies and finds its own images in another region, too', async () => {
      const { artifactStore: ownImages, source } = bench;
      const facts = await ownImages.describe(source.region, source.imageId);

      expect(facts?.snapshots.map((snapshot) => snapshot.snapshotId)).toEqual(source.snapshotIds);
      expect(await ownImages.describe(bench.target.region, source.imageId)).toBeUndefined();
      expect(await ownImages.findByBake(bench.target.region, run)).toEqual([]);
    });
  });
}
