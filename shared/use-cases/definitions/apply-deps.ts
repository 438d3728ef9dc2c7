/** Ports that applying a definition needs. */

import type { ControlLocations } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';

export interface ApplyDeps
  extends Pick<
    Ports,
    | 'table'
    | 'clock'
    | 'ids'
    | 'digest'
    | 'calendar'
    | 'resolver'
    | 'reconcileQueue'
    | 'home'
    | 'baseImages'
    | 'components'
    | 'instanceTypes'
    | 'placements'
    | 'targetAccounts'
  > {
  /** Tells whether a pinned AMI is an image of a pipeline. */
  readonly locations: ControlLocations<'describe'>;
}
