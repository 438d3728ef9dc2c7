import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DistributionFailed, TryLater } from '../../shared/domain/errors.ts';
import { TAGS } from '../../shared/domain/naming.ts';
import { removeCopies } from '../../shared/use-cases/remove-copies.ts';
import { Crash, type CrashPoint, crashing } from '../support/crashing.ts';
import {
  BAKE,
  type DistributionWorld,
  distributionWorld,
  drive,
  HOME,
  REF,
  type TargetSpec,
} from '../support/distribution-world.ts';

const OLD = 'ami-00000000000000fff';
const TEMPLATE_BEFORE = 'ami-00000000000000abc';

const spec = fc.record(
  {
    account: fc.constantFrom('444455556666', '777788889999', '222233334444'),
    region: fc.constantFrom('eu-west-1', 'eu-central-1', 'us-east-1'),
    mode: fc.constantFrom('copy' as const, 'share' as const),
    required: fc.boolean(),
    launchTemplate: fc.boolean(),
    before: fc.constant(OLD),
  },
  { requiredKeys: ['account', 'region'] },
);
const specs = fc.uniqueArray(spec, {
  maxLength: 5,
  selector: ({ account, region }) => `${account}/${region}`,
});
const crash: fc.Arbitrary<CrashPoint> = fc.record({
  call: fc.nat(250),
  when: fc.constantFrom('before' as const, 'after' as const),
});
const world = fc.record({
  specs,
  crashes: fc.array(crash, { maxLength: 8 }),
  /** Accounts whose copies fail, that many times. */
  failures: fc.dictionary(fc.constantFrom('444455556666', '777788889999', HOME.account), fc.nat(4)),
  /** An account whose pointers cannot be written, after so many writes. */
  refusing: fc.option(
    fc.record({ account: fc.constantFrom('444455556666', '777788889999'), after: fc.nat(2) }),
  ),
  throttles: fc.array(fc.nat(300), { maxLength: 10 }),
});
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

interface Run {
  readonly setup: DistributionWorld;
  readonly end: 'released' | 'failed' | 'stopped';
  /** Pointers that showed the new image while a required target was not verified. */
  readonly early: string[];
  readonly mostCopies: Map<string, number>;
}

async function run(given: World): Promise<Run> {
  const setup = distributionWorld(given.specs);
  await setup.seed();
  const early: string[] = [];
  const mostCopies = new Map<string, number>();
  const left = new Map(Object.entries(given.failures));
  let writes = 0;
  let calls = 0;

  setup.world.beforePointer = (place, pointer, imageId) => {
    if (imageId === OLD || imageId === TEMPLATE_BEFORE) return;
    const unverified = setup.rows().filter((row) => row.required && row.state !== 'verified');
    if (unverified.length > 0) early.push(`${place.account}/${place.region} ${pointer}`);
    if (given.refusing?.account !== place.account) return;
    writes += 1;
    if (writes > given.refusing.after) throw new DistributionFailed('AccessDenied');
  };
  setup.world.beforeCall = () => {
    calls += 1;
    if (given.throttles.includes(calls)) throw new TryLater('RequestLimitExceeded');
    const counts = new Map<string, number>();
    for (const image of setup.copies()) {
      const place = `${image.account}/${image.region}`;
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    for (const [place, count] of counts) mostCopies.set(place, Math.max(count, mostCopies.get(place) ?? 0));
  };
  const failing = (image: { account: string }) => {
    const rest = left.get(image.account) ?? 0;
    left.set(image.account, rest - 1);
    return rest > 0;
  };
  const deps = crashing(setup.deps, given.crashes);
  const end = await drive(setup, { deps, failing, isCrash: (error) => error instanceof Crash });
  return { setup, end, early, mostCopies };
}

const check = (predicate: (run: Run, given: World) => void | Promise<void>) =>
  fc.assert(
    fc.asyncProperty(world, async (given) => predicate(await run(given), given)),
    { numRuns: 400 },
  );

const isRequired = (target: TargetSpec) => target.required !== false;

describe('a distribution, whatever crashes, fails and is put off', () => {
  it('never makes a second image for a target', async () => {
    await check(({ mostCopies }) => {
      for (const count of mostCopies.values()) expect(count).toBe(1);
    });
  });

  it('moves no pointer before every required target is verified', async () => {
    await check(({ early }) => expect(early).toEqual([]));
  });

  it('ends with every required target current, or with every pointer as before', async () => {
    await check(({ setup, end }, given) => {
      for (const target of given.specs) {
        const shown = setup.parameterOf(target);
        const row = setup
          .rows()
          .find((r) => !r.carrier && r.account === target.account && r.region === target.region);
        const moved = end === 'released' && row?.state === 'released';
        if (end === 'released' && isRequired(target)) expect(row?.state).toBe('released');
        expect(shown).toBe(moved ? row?.imageId : target.before);
        if (target.launchTemplate === true)
          expect(setup.templateOf(target)).toBe(moved ? row?.imageId : TEMPLATE_BEFORE);
        if (moved) expect(setup.world.see(target, row?.imageId ?? '')?.state).toBe('available');
      }
    });
  });

  it('leaves nothing behind that is not released: no image, no permission, no slot, no hold on the pointers', async () => {
    await check(({ setup, end }) => {
      const rows = setup.rows();
      const kept = rows.flatMap((row) => (row.state === 'released' ? [row.imageId] : []));
      expect(
        setup
          .copies()
          .map((image) => image.id)
          .filter((id) => !kept.includes(id)),
      ).toEqual([]);
      const sharedAtHome = rows
        .filter((row) => row.mode === 'share' && row.region === HOME.region && row.state === 'released')
        .map((row) => row.account);
      expect([...setup.source.launchableBy].sort()).toEqual([...new Set(sharedAtHome)].sort());
      const items = setup.table.items();
      expect(items.filter((item) => item.sk.startsWith('COPY#'))).toEqual([]);
      expect(items.filter((item) => item.sk.startsWith('POINTERS#'))).toEqual([]);
      expect(items.filter((item) => item.sk === 'WAIT')).toEqual([]);
      if (end === 'failed') expect(kept).toEqual([]);
    });
  });

  it('is cleaned up by one more look when it was stopped anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        world,
        fc.constantFrom('move' as const, 'release' as const),
        async (given, stopBefore) => {
          const setup = distributionWorld(given.specs);
          await setup.seed();
          const deps = crashing(setup.deps, given.crashes);
          // Nothing is repeated: the first crash is where the machine was stopped.
          await drive(setup, { deps, stopBefore, isCrash: () => false }).catch(() => {});

          await removeCopies(setup.deps, REF);

          for (const target of given.specs) expect(setup.parameterOf(target)).toBe(target.before);
          const ours = setup.copies().filter((image) => image.tags[TAGS.bake] === BAKE);
          expect(ours).toEqual([]);
          expect([...setup.source.launchableBy]).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
