import { describe, expect, it } from '@jest/globals';
import type { Commands } from '../../shared/ports/commands.ts';
import type { LaunchRequest, TestInstances } from '../../shared/ports/test-instances.ts';
import { closing } from './closing.ts';

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

/** The instance that is launched where there is room. */
async function launch(instances: TestInstances, request: LaunchRequest): Promise<string> {
  const answer = await instances.launch(request);
  if ('shortage' in answer) throw new Error(answer.shortage.reason);
  return answer.instance;
}

/** What test instances and the commands on them must do. */
export function instancesContract(name: string, make: () => Promise<InstancesHarness>): void {
  const bake = '01JTESTBAKE0000000000000WB';
  const tags = { 'ovenbird:bake': bake, 'ovenbird:attempt': '1', 'ovenbird:managed': 'true' };

  const toRequest = (imageId: string): LaunchRequest => ({
    clientToken: 'token-1',
    imageId,
    instanceTypes: ['t3.small'],
    placement: {},
    placing: 0,
    tags,
  });
  const withHarness = closing(make);

  describe(`${name} as test instances`, () => {
    it('launch once for one token, are found by their tags, and are gone when terminated', () =>
      withHarness(async ({ instances, imageId }) => {
        const request = toRequest(imageId);

        const instance = await launch(instances, request);
        expect(await launch(instances, request)).toBe(instance);
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
        const instance = await launch(instances, toRequest(imageId));
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
