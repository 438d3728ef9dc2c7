import { TAGS } from '../../../shared/domain/base/naming.ts';
import type { TestInstances } from '../../../shared/ports/test-instances.ts';

interface Instance {
  readonly token: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly tags: Readonly<Record<string, string>>;
  state: 'starting' | 'ready' | 'gone';
}

export interface FakeInstances extends TestInstances {
  readonly all: Map<string, Instance>;
  running(): string[];
  ready(instance: string): void;
}

export function fakeInstances(): FakeInstances {
  const all = new Map<string, Instance>();
  return {
    all,
    running: () => [...all].filter(([, { state }]) => state !== 'gone').map(([id]) => id),
    ready: (instance) => {
      const found = all.get(instance);
      if (found !== undefined) found.state = 'ready';
    },
    async launch({ clientToken, imageId, instanceType, tags }) {
      for (const [instance, { token }] of all) if (token === clientToken) return { instance };
      const instance = `i-${String(all.size + 1).padStart(17, '0')}`;
      all.set(instance, { token: clientToken, imageId, instanceType, tags, state: 'starting' });
      return { instance };
    },
    async status(instance) {
      const state = all.get(instance)?.state ?? 'starting';
      return state === 'gone' ? { state, reason: 'it is terminated' } : { state };
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
