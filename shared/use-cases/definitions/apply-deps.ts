/** Ports that applying a definition needs. */
import type { Home } from '../../domain/base/regions.ts';
import type { Calendar } from '../../ports/calendar.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest, Ids } from '../../ports/ids.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import type { ReconcileQueue } from '../../ports/reconcile-queue.ts';
import type { SelectorResolver } from '../../ports/selector-resolver.ts';
import type { Table } from '../../ports/table.ts';

export interface ApplyDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
  readonly calendar: Calendar;
  readonly resolver: SelectorResolver;
  readonly reconcileQueue: ReconcileQueue;
  /** Tells whether a pinned AMI is an image of a pipeline. */
  readonly locations: ControlLocations<'describe'>;
  readonly home: Home;
}
