/** What applying a definition needs of the world. */
import type { Home } from '../../domain/definitions/references.ts';
import type {
  Calendar,
  Clock,
  Digest,
  Ids,
  OwnImages,
  ReconcileQueue,
  SelectorResolver,
  Table,
} from '../../ports.ts';

export interface ApplyDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly digest: Digest;
  readonly calendar: Calendar;
  readonly resolver: SelectorResolver;
  readonly planQueue: ReconcileQueue;
  /** To see whether a pinned AMI is one of our own. */
  readonly images: Pick<OwnImages, 'describe'>;
  readonly home: Home;
}
