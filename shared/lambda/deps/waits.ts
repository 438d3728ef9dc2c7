import { checkCopies } from '../../use-cases/distribution/check-copies.ts';
import type { RegisterWaitDeps } from '../../use-cases/waits/register-wait.ts';
import { clock } from './basics.ts';
import { commands } from './commands.ts';
import { engines } from './engines.ts';
import { locations } from './locations.ts';
import { table } from './table.ts';
import { testInstances } from './test-instances.ts';
import { wakeQueue } from './wake-queue.ts';

/** Everything that a wait may have to look at. */
export function waitDeps(): RegisterWaitDeps {
  return {
    table: table(),
    clock,
    engines,
    instances: testInstances(),
    commands: commands(),
    wakeQueue: wakeQueue(),
    checkCopies: (wait) => checkCopies({ table: table(), clock, locations: locations() }, wait),
  };
}
