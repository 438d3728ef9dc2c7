import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Artifact } from '../../../shared/domain/artifacts/artifacts.ts';
import { DistributionFailed } from '../../../shared/domain/base/errors.ts';
import {
  type DistributionInput,
  planDistribution,
  type Transfer,
  toTransferId,
} from '../../../shared/domain/distribution/plan.ts';
import type { Quotas } from '../../../shared/domain/distribution/quotas.ts';
import type { PlannedTarget } from '../../../shared/domain/distribution/targets.ts';

const HOME = { account: '111122223333', region: 'eu-west-1' };

function target(account: string, region: string, changes: Partial<PlannedTarget> = {}): PlannedTarget {
  const usual = {
    variant: 'arm64',
    mode: 'copy',
    required: true,
    sharedCopy: false,
    key: 'alias/images',
  } as const;
  return { account, region, ...usual, ...changes };
}

function artifact(snapshots: number): Artifact {
  const snapshotIds = Array.from({ length: snapshots }, (_, index) => `snap-${index}`);
  return { kind: 'ami', ...HOME, imageId: 'ami-0f3c9a1b2d4e5f678', snapshotIds };
}

/** Quotas that differ between destinations. */
function quotaTable(table: Readonly<Record<string, { copies: number; snapshots: number }>>): Quotas {
  return {
    destination: (account, region) => table[`${account}/${region}`] ?? { copies: 1, snapshots: 1 },
  };
}

const describeTransfer = ({ id, from, batch }: Transfer) =>
  `${batch} ${id} from ${from === 'built' ? from : from.transfer}`;

describe('the plan of a distribution', () => {
  const quotas = quotaTable({
    '444455556666/us-east-1': { copies: 9, snapshots: 3 },
    '444455556666/eu-west-1': { copies: 2, snapshots: 99 },
  });
  const variants = ['arm64', 'gpu', 'x86-64'];
  const input: DistributionInput = {
    artifacts: new Map([
      ['arm64', artifact(1)],
      ['gpu', artifact(4)],
      ['x86-64', artifact(2)],
    ]),
    targets: [
      ...variants.flatMap((variant) => [
        target('444455556666', 'us-east-1', { variant }),
        target('444455556666', 'eu-west-1', { variant }),
      ]),
      target('777788889999', 'us-east-1', { mode: 'share' }),
      target('777788889999', 'eu-west-1', { mode: 'share' }),
    ],
    home: HOME,
    standing: [],
  };

  it('puts copies into batches that the quota of their destination allows, and shares after what they come from', () => {
    expect(planDistribution(input, quotas).map(describeTransfer)).toEqual([
      '0 eu-west-1/target/444455556666/arm64 from built',
      '0 eu-west-1/target/444455556666/gpu from built',
      '1 eu-west-1/target/444455556666/x86-64 from built',
      '0 eu-west-1/target/777788889999/arm64 from built',
      '0 us-east-1/shared/111122223333/arm64 from built',
      '0 us-east-1/target/444455556666/arm64 from built',
      '1 us-east-1/target/444455556666/gpu from built',
      '0 us-east-1/target/444455556666/x86-64 from built',
      '0 us-east-1/target/777788889999/arm64 from us-east-1/shared/111122223333/arm64',
    ]);
  });

  it('copies anew what stands with another key', () => {
    const [copy] = input.targets;
    if (copy === undefined) throw new Error('There is a target.');
    const plan = (standing: DistributionInput['standing']) =>
      planDistribution({ ...input, standing }, quotas).map(({ id }) => id);

    expect(plan([copy])).not.toContain(toTransferId(copy));
    expect(plan([{ ...copy, key: 'alias/other' }])).toContain(toTransferId(copy));
  });

  it('refuses a variant that was not built', () => {
    expect(() => planDistribution({ ...input, artifacts: new Map() }, quotas)).toThrow(DistributionFailed);
  });
});

const ACCOUNTS = ['444455556666', '777788889999', HOME.account];
const REGIONS = [HOME.region, 'us-east-1', 'ap-southeast-2'];
const VARIANTS = ['arm64', 'gpu', 'x86-64'];
const DESTINATIONS = ACCOUNTS.flatMap((account) => REGIONS.map((region) => `${account}/${region}`));
const quota = fc.record({
  copies: fc.integer({ min: 1, max: 4 }),
  snapshots: fc.integer({ min: 1, max: 6 }),
});
const targets = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom(...ACCOUNTS),
      fc.constantFrom(...REGIONS),
      fc.constantFrom(...VARIANTS),
      fc.constantFrom('copy' as const, 'share' as const),
      fc.boolean(),
    )
    .map(([account, region, variant, mode, required]) =>
      target(account, region, { variant, mode, required }),
    ),
  { selector: toTransferId, maxLength: 20 },
);
const worlds = fc
  .record({
    targets,
    sizes: fc.tuple(...VARIANTS.map(() => fc.integer({ min: 1, max: 8 }))),
    quotas: fc.tuple(...DESTINATIONS.map((name) => quota.map((numbers) => [name, numbers] as const))),
    stands: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
  })
  .map(({ targets, sizes, quotas, stands }) => {
    const input: DistributionInput = {
      artifacts: new Map(VARIANTS.map((variant, index) => [variant, artifact(sizes[index] ?? 1)])),
      targets,
      home: HOME,
      standing: [],
    };
    const table = quotaTable(Object.fromEntries(quotas));
    const all = planDistribution(input, table);
    return { input: { ...input, standing: all.filter((_, index) => stands[index] === true) }, quotas: table };
  });

/** Runs a check over plans of any targets, quotas and standing copies. */
function forAllPlans(
  check: (plan: readonly Transfer[], input: DistributionInput, quotas: Quotas) => void,
): void {
  fc.assert(
    fc.property(worlds, ({ input, quotas }) => check(planDistribution(input, quotas), input, quotas)),
  );
}

describe('every plan', () => {
  it('covers every target exactly once, by a transfer or by the copy that stands there', () => {
    forAllPlans((plan, { targets, standing }) => {
      const copies = standing.filter(({ mode }) => mode === 'copy').map(toTransferId);
      const covered = [...plan.map(({ id }) => id), ...copies];

      expect(new Set(covered).size).toBe(covered.length);
      expect(covered).toEqual(expect.arrayContaining(targets.map(toTransferId)));
      const extra = plan.filter(({ id }) => !targets.map(toTransferId).includes(id));
      for (const transfer of extra)
        expect(plan.some(({ from }) => from !== 'built' && from.transfer === transfer.id)).toBe(true);
    });
  });

  it('keeps each batch within the quota of its destination', () => {
    forAllPlans((plan, { artifacts }, quotas) => {
      const batches = new Map<string, Transfer[]>();
      for (const transfer of plan.filter(({ mode }) => mode === 'copy')) {
        const name = `${transfer.account}/${transfer.region}/${transfer.batch}`;
        batches.set(name, [...(batches.get(name) ?? []), transfer]);
      }
      for (const [first, ...more] of batches.values()) {
        if (first === undefined || more.length === 0) continue;
        const { copies, snapshots } = quotas.destination(first.account, first.region);
        const sizes = [first, ...more].map(({ variant }) => artifacts.get(variant)?.snapshotIds.length ?? 0);
        expect(sizes.length).toBeLessThanOrEqual(copies);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(snapshots);
      }
    });
  });

  it('takes each transfer from the artifact as built, from an earlier transfer, or from a copy that stands', () => {
    forAllPlans((plan, { standing, home }) => {
      const known = new Map<string, Pick<Transfer, 'account' | 'region' | 'variant'>>(
        standing.filter(({ mode }) => mode === 'copy').map((copy) => [toTransferId(copy), copy]),
      );
      for (const { from, ...transfer } of plan) {
        if (from === 'built') expect(transfer.mode === 'copy' || transfer.region === home.region).toBe(true);
        else
          expect(known.get(from.transfer)).toMatchObject({
            account: home.account,
            region: transfer.region,
            variant: transfer.variant,
          });
        known.set(transfer.id, transfer);
      }
    });
  });

  it('is the same for the same targets in any order', () => {
    forAllPlans((plan, input, quotas) => {
      expect(planDistribution({ ...input, targets: [...input.targets].reverse() }, quotas)).toEqual(plan);
    });
  });

  it('plans no copy again that stands', () => {
    forAllPlans((plan, { standing }) => {
      const standingCopies = standing.filter(({ mode }) => mode === 'copy').map(toTransferId);

      expect(plan.filter(({ id }) => standingCopies.includes(id))).toEqual([]);
    });
  });
});
