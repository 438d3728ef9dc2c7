import type { WaitRecord } from '../../../domain/records/waits.ts';
import type { WaitOutcome } from '../../../domain/waits/wait.ts';
import type { Engines } from '../../../ports/build-engine.ts';
import type { Commands } from '../../../ports/commands.ts';
import type { Ports } from '../../../ports/ports.ts';
import type { Write } from '../../../ports/table.ts';
import type { TestInstances } from '../../../ports/test-instances.ts';

/** What the checks of all kinds read. */
export interface WaitPorts extends Pick<Ports, 'table' | 'clock'> {
  readonly engines: Engines<'status'>;
  readonly instances: Pick<TestInstances, 'status'>;
  readonly commands: Pick<Commands, 'status'>;
  /** What the copies of a region say (distribution/check-copies.ts, a floor above); undefined while all of them are on their way. */
  readonly checkCopies: (wait: WaitRecord) => Promise<WaitOutcome | undefined>;
}

/** The half of a kind of wait that reads its resource. */
export interface WaitCheck {
  /** What the resource says, or undefined while it says nothing final. */
  check(ports: WaitPorts, wait: WaitRecord): Promise<WaitOutcome | undefined>;
  /** Written in the transaction that ends the wait because its time is over. */
  expiryWrites?(wait: WaitRecord): readonly Write[];
}
