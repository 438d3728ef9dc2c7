import { toFailure, toSuccess } from '../../../domain/waits/wait.ts';
import type { WaitCheck } from './wait-check.ts';

export const instanceCheck: WaitCheck = {
  async check({ instances }, { resource }) {
    const status = await instances.status(resource);
    if (status.state === 'gone' && status.isShortage) return toSuccess({ shortage: status.reason });
    if (status.state === 'gone')
      return toFailure('TestsFailed', `Instance ${resource} ended before its tests: ${status.reason}`);
    return status.state === 'ready' ? toSuccess({}) : undefined;
  },
};
