import { describe, expect, it } from '@jest/globals';
import type { BuildEngine, BuildRequest } from '../../shared/ports/build-engine.ts';
import { closing } from './closing.ts';

export interface EngineHarness {
  readonly engine: BuildEngine;
  /** A request that can be built. */
  readonly request: BuildRequest;
  /** Waits until the build has ended, or makes it end. */
  ended(build: string): Promise<void>;
  close(): Promise<void>;
}

/** What every build engine must do. */
export function engineContract(name: string, make: () => Promise<EngineHarness>): void {
  const withHarness = closing(make);

  describe(`${name} as a build engine`, () => {
    it('builds an image', () =>
      withHarness(async ({ engine, request, ended }) => {
        const { build } = await engine.start(request);
        // It may be quick.
        expect(['running', 'available']).toContain((await engine.status(build)).state);
        await ended(build);

        expect(await engine.status(build)).toMatchObject({
          state: 'available',
          artifact: { kind: 'ami', imageId: expect.stringMatching(/^ami-/) },
        });
      }));

    it('finds the build of an attempt when it is started again, and builds anew for the next attempt', () =>
      withHarness(async ({ engine, request }) => {
        const first = await engine.start(request);
        const again = await engine.start(request);
        const next = await engine.start({ ...request, attempt: request.attempt + 1 });

        expect(again).toEqual(first);
        expect(next.build).not.toBe(first.build);
      }));

    it('ends a build that runs, and has nothing to end twice', () =>
      withHarness(async ({ engine, request, ended }) => {
        const { build } = await engine.start(request);

        const { ended: atOnce } = await engine.cancel(build);
        if (!atOnce) await ended(build);

        expect(await engine.cancel(build)).toEqual({ ended: true });
        expect(['cancelled', 'failed']).toContain((await engine.status(build)).state);
      }));

    it('finds what a build left, and nothing of a build that it does not know', () =>
      withHarness(async ({ engine, request, ended }) => {
        const { build } = await engine.start(request);
        await ended(build);

        expect(await engine.leftovers(build)).toEqual([
          expect.objectContaining({ kind: 'ami', imageId: expect.stringMatching(/^ami-/) }),
        ]);
        expect(await engine.leftovers(`${build}0`)).toEqual([]);
        expect(await engine.status(`${build}0`)).toEqual({ state: 'unknown' });
        expect(await engine.cancel(`${build}0`)).toEqual({ ended: true });
      }));

    it('forgets a build, as often as it is asked to', () =>
      withHarness(async ({ engine, request, ended }) => {
        const { build } = await engine.start(request);
        await ended(build);

        await engine.forget(build);
        await engine.forget(build);

        expect(await engine.status(build)).toEqual({ state: 'unknown' });
        expect(await engine.cancel(build)).toEqual({ ended: true });
      }));
  });
}
