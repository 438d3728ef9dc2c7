import type { Shortage } from '../../../shared/domain/bakes/placing.ts';
import { TAGS } from '../../../shared/domain/base/naming.ts';
import type { TestInstances } from '../../../shared/ports/test-instances.ts';

interface Instance {
  readonly token: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly subnet: string;
  state: 'starting' | 'ready' | 'gone';
}

export interface FakeInstances extends TestInstances {
  readonly all: Map<string, Instance>;
  running(): string[];
  ready(instance: string): void;
  /** What there is no room for: a type, or a type in a subnet. */
  readonly full: Map<string, Shortage>;
  /** Ends an instance that has started, as EC2 does where it has no room after all. */
  lose(instance: string): void;
}

export function fakeInstances(): FakeInstances {
  const all = new Map<string, Instance>();
  const full = new Map<string, Shortage>();
  const lost = new Set<string>();
  return {
    all,
    running: () => [...all].filter(([, { state }]) => state !== 'gone').map(([id]) => id),
    ready: (instance) => {
      const found = all.get(instance);
      if (found !== undefined) found.state = 'ready';
    },
    full,
    lose: (instance) => {
      lost.add(instance);
      const found = all.get(instance);
      if (found !== undefined) found.state = 'gone';
    },
    async launch({ clientToken, imageId, instanceTypes, placement, placing, tags }) {
      const { subnets = ['subnet-default'] } = placement;
      const placements = instanceTypes.length * subnets.length;
      for (const [instance, { token }] of all) if (token === clientToken) return { instance, placements };
      const instanceType = instanceTypes[Math.floor(placing / subnets.length) % instanceTypes.length] ?? '';
      const subnet = subnets[placing % subnets.length] ?? '';
      const shortage = full.get(`${instanceType} ${subnet}`) ?? full.get(instanceType);
      if (shortage !== undefined) return { shortage, placements };
      const instance = `i-${String(all.size + 1).padStart(17, '0')}`;
      all.set(instance, { token: clientToken, imageId, instanceType, subnet, tags, state: 'starting' });
      return { instance, placements };
    },
    async status(instance) {
      const state = all.get(instance)?.state ?? 'starting';
      if (state !== 'gone') return { state };
      return { state, reason: 'it is terminated', isShortage: lost.has(instance) };
    },
    async terminate(instances) {
      for (const instance of instances) {
        const found = all.get(instance);
        if (found !== undefined) found.state = 'gone';
      }
    },
    async findByBake(bake, attempt) {
      return [...all]
        .filter(([, { state, tags }]) => state !== 'gone' && tags[TAGS.bake] === bake)
        .filter(([, { tags }]) => attempt === undefined || tags[TAGS.attempt] === String(attempt))
        .map(([instance]) => instance);
    },
  };
}
