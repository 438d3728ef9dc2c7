import { toSuccess } from '../../../domain/waits/wait.ts';
import type { WaitCheck } from './wait-check.ts';

export const commandCheck: WaitCheck = {
  async check({ commands }, { resource, subject }) {
    const status = await commands.status(resource, subject.instance ?? '');
    return status.state === 'running' ? undefined : toSuccess({});
  },
};
