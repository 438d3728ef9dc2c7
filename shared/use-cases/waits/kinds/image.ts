import { keys } from '../../../domain/base/naming.ts';
import { mayBecomeKnown } from '../../../domain/engines/engines.ts';
import { ArtifactRecordSchema } from '../../../domain/records/bakes.ts';
import { toFailure, toSuccess } from '../../../domain/waits/wait.ts';
import { tryWrite } from '../../store/try-write.ts';
import type { WaitCheck } from './wait-check.ts';

export const imageCheck: WaitCheck = {
  async check(ports, wait) {
    const key = keys.artifact(wait.bake, wait.subject.variant ?? '');
    const row = ArtifactRecordSchema.parse(await ports.table.get(key));
    const status = await ports.engines[row.engine]().status(wait.resource);
    if (status.state === 'running') return undefined;
    if (status.state === 'unknown')
      return mayBecomeKnown(row, ports.clock.now())
        ? undefined
        : toFailure('BuildFailed', `The build ${wait.resource} is not known to its engine any more.`);
    if (status.state === 'available') return toSuccess({ artifact: status.artifact });
    if (status.isShortage === true) return toSuccess({ shortage: status.reason });
    const { state, reason, log } = status;
    if (log === undefined) return toFailure('BuildFailed', `The build ${state}: ${reason}`);
    // The engine's record of the build is cleaned up soon; the end of the attempt names the log. A newer attempt has a log of its own.
    const when = { equals: { attempt: wait.attempt, build: wait.resource } };
    await tryWrite(ports.table, [{ update: key, set: { log }, when }]);
    return toFailure('BuildFailed', `The build ${state}: ${reason} Log: ${log}`);
  },
};
