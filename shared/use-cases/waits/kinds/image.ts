import { type Key, keys } from '../../../domain/base/naming.ts';
import { ArtifactRecordSchema } from '../../../domain/records/bakes.ts';
import type { WaitRecord } from '../../../domain/records/waits.ts';
import { toFailure, toSuccess } from '../../../domain/waits/wait.ts';
import { WriteConflict } from '../../../ports/table.ts';
import type { WaitCheck, WaitPorts } from './wait-check.ts';

export const imageCheck: WaitCheck = {
  async check(ports, wait) {
    const key = keys.artifact(wait.bake, wait.subject.variant ?? '');
    const { engine } = ArtifactRecordSchema.parse(await ports.table.get(key));
    const status = await ports.engines[engine]().status(wait.resource);
    if (status.state === 'running') return undefined;
    if (status.state === 'available') return toSuccess({ artifact: status.artifact });
    if (status.log !== undefined) await recordBuildLog(ports, wait, key, status.log);
    const log = status.log === undefined ? '' : ` Log: ${status.log}`;
    return toFailure('BuildFailed', `The build ${status.state}: ${status.reason}${log}`);
  },
};

/** The engine's record of the build is cleaned up soon; the end of the attempt names the log. */
async function recordBuildLog(ports: WaitPorts, wait: WaitRecord, update: Key, log: string): Promise<void> {
  const { attempt, resource } = wait;
  try {
    await ports.table.write([{ update, set: { log }, when: { equals: { attempt, build: resource } } }]);
  } catch (error) {
    // The row belongs to a newer attempt, which has a log of its own; the wait is decided all the same.
    if (!(error instanceof WriteConflict)) throw error;
  }
}
