import { describe, expect, it } from '@jest/globals';
import type { BuildEngine, BuildRequest } from '../../shared/ports/build-engine.ts';
import type { Commands } from '../../shared/ports/commands.ts';
import type { TestInstances } from '../../shared/ports/test-instances.ts';

export interface EngineHarness {
  readonly engine: BuildEngine;
  /** A request that can be built. */
  readonly request: BuildRequest;
  /** Waits until the build has ended, or makes it end. */
  ended(build: string): Promise<void>;
  close(): Promise<void>;
}

/** Closes what was made, whatever comes of the work. */
function closing<Harness extends { close(): Promise<void> }>(make: () => Promise<Harness>) {
  return async (work: (harness: Harness) => Promise<void>): Promise<void> => {
    const harness = await make();
    try {
      await work(harness);
    } finally {
      await harness.close();
    }
  };
}

/** What every build engine must do. */
export function engineContract(name: string, make: () => Promise<EngineHarness>): void {
  const withHarness = closing(make);

  describe(`${name} as a build engine`, () => {
    it('builds an image and says what is in it', () =>
      withHarness(async ({ engine, request, ended }) => {
        const { build } = await engine.start(request);
        // It may be quick.
        expect(['running', 'available']).toContain((await engine.status(build)).state);
        await ended(build);

        expect(await engine.status(build)).toMatchObject({
          state: 'available',
          imageId: expect.stringMatching(/^ami-/),
        });
        expect((await engine.packages(build)).length).toBeGreaterThan(0);
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

    it('forgets a build, as often as it is asked to', () =>
      withHarness(async ({ engine, request, ended }) => {
        const { build } = await engine.start(request);
        await ended(build);

        await engine.forget(build);
        await engine.forget(build);

        expect(await engine.status(build)).toMatchObject({ state: 'cancelled' });
        expect(await engine.cancel(build)).toEqual({ ended: true });
      }));
  });
}

export interface InstancesHarness {
  readonly instances: TestInstances;
  readonly commands: Commands;
  readonly imageId: string;
  /** Waits until the instance is reachable, or makes it so. */
  waitUntilReachable(instance: string): Promise<void>;
  /** Says what the next command answers. */
  setNextAnswer(answer: { status: 'passed' | 'failed'; exitCode: number; stdout: string }): Promise<void>;
  waitForAnswer(command: string, instance: string): Promise<void>;
  close(): Promise<void>;
}

/** What test instances and the commands on them must do. */
export function instancesContract(name: string, make: () => Promise<InstancesHarness>): void {
  const bake = '01JTESTBAKE0000000000000WB';
  const tags = { 'ovenbird:bake': bake, 'ovenbird:attempt': '1', 'ovenbird:managed': 'true' };

  const withHarness = closing(make);

  describe(`${name} as test instances`, () => {
    it('launch once for one token, are found by their tags, and are gone when terminated', () =>
      withHarness(async ({ instances, imageId }) => {
        const request = { clientToken: 'token-1', imageId, instanceType: 't3.small', tags };

        const { instance } = await instances.launch(request);
        expect(await instances.launch(request)).toEqual({ instance });
        expect(await instances.findByBake(bake)).toEqual([instance]);
        expect(await instances.findByBake(bake, 1)).toEqual([instance]);
        expect(await instances.findByBake(bake, 2)).toEqual([]);
        await instances.terminate([instance]);
        await instances.terminate([instance]);

        expect(await instances.findByBake(bake)).toEqual([]);
        expect((await instances.status(instance)).state).toBe('gone');
      }));

    it.each([
      { status: 'passed', exitCode: 0, stdout: 'booted' },
      { status: 'failed', exitCode: 3, stdout: 'no sshd' },
    ] as const)('run a command that $status', (answer) =>
      withHarness(async (harness) => {
        const { instances, commands, imageId } = harness;
        const { instance } = await instances.launch({
          clientToken: 'token-1',
          imageId,
          instanceType: 't3.small',
          tags,
        });
        expect(['starting', 'ready']).toContain((await instances.status(instance)).state);
        await harness.waitUntilReachable(instance);
        expect(await instances.status(instance)).toEqual({ state: 'ready' });
        await harness.setNextAnswer(answer);

        const { command } = await commands.send({
          instance,
          script: 'systemctl is-system-running',
          timeoutSeconds: 600,
          comment: 'ovenbird web boots',
        });
        await harness.waitForAnswer(command, instance);

        expect(await commands.status(command, instance)).toMatchObject({ state: 'ended', ...answer });
      }),
    );
  });
}
