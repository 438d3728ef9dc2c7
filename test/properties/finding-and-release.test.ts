/**
 * A finding and the release that it concerns, at the same time: every call of the table may come before or after every call of the other. One of
 * the two must see the other, without any net below.
 */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Table } from '../../shared/ports.ts';
import { indexInventory } from '../../shared/use-cases/noticing/index-inventory.ts';
import { detectVulnerability } from '../../shared/use-cases/noticing/notice-finding.ts';
import { vulnerability, vulnerabilityWorld } from '../support/finding-world.ts';
import { BASE_PARAMETER } from '../support/planning-world.ts';

const OPENSSL = vulnerability('1', [{ name: 'openssl', fixed: '2' }]);

it('a finding and a release that come together find each other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 3 }), async (scheduler, deliveries) => {
      const world = vulnerabilityWorld();
      await world.apply({ name: 'web', base: BASE_PARAMETER });
      await world.releaseAll(() => ({ openssl: '1' }));
      world.findings.publish(OPENSSL);
      const table: Table = {
        get: scheduler.scheduleFunction(world.table.get),
        getMany: scheduler.scheduleFunction(world.table.getMany),
        query: scheduler.scheduleFunction(world.table.query),
        write: scheduler.scheduleFunction(world.table.write),
      };
      const deps = { ...world.ports, table };
      const works = [
        indexInventory(deps, { pipeline: 'web', channel: 'stable' }),
        ...Array.from({ length: deliveries }, () => detectVulnerability(deps, OPENSSL.arn)),
      ];
      await scheduler.waitFor(Promise.all(works));

      expect(world.floorsOf('web')).toEqual({ openssl: '2' });
      await world.settle();
      expect(world.running()).toHaveLength(1);
      expect(world.planning('web')?.minimumVersions.openssl?.change).toBe(world.running()[0]?.causes[0]);
    }),
    { numRuns: 80 },
  );
});
