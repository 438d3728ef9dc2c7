import type { Home } from '../domain/base/regions.ts';
import type { BaseImages, InstanceTypes } from './base-images.ts';
import type { BuildKeys } from './build-keys.ts';
import type { Calendar } from './calendar.ts';
import type { Clock } from './clock.ts';
import type { Components } from './components.ts';
import type { Documents } from './documents.ts';
import type { EventPublisher } from './event-publisher.ts';
import type { HintQueue } from './hint-queue.ts';
import type { Digest, Ids } from './ids.ts';
import type { Limits } from './limits.ts';
import type { Locations } from './locations.ts';
import type { Placements } from './placements.ts';
import type { ReconcileQueue } from './reconcile-queue.ts';
import type { SelectorResolver } from './selector-resolver.ts';
import type { Table } from './table.ts';
import type { TargetAccounts } from './target-accounts.ts';
import type { TaskTokens } from './task-tokens.ts';
import type { Findings } from './vulnerabilities.ts';
import type { WakeQueue } from './wake-queue.ts';

/** Ports by the names under which use cases are given them; a use case picks those that it needs. */
export interface Ports {
  readonly baseImages: BaseImages;
  readonly buildKeys: BuildKeys;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly components: Components;
  readonly digest: Digest;
  readonly documents: Documents;
  readonly findings: Findings;
  readonly hintQueue: HintQueue;
  /** Where the control plane runs and its images are made. */
  readonly home: Home;
  readonly ids: Ids;
  readonly instanceTypes: InstanceTypes;
  readonly limits: Limits;
  readonly locations: Locations;
  readonly placements: Placements;
  readonly publisher: EventPublisher;
  readonly reconcileQueue: ReconcileQueue;
  readonly resolver: SelectorResolver;
  readonly table: Table;
  readonly targetAccounts: TargetAccounts;
  readonly tokens: TaskTokens;
  readonly wakeQueue: WakeQueue;
}
