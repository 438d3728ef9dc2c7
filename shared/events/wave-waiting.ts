/** A change leads to more bakes than may start without a person: they wait until a person confirms them. */
export function waveWaitingEvent(detail: {
  readonly change: string;
  readonly selector: string;
  readonly from?: string | undefined;
  readonly to: string;
  readonly images: number;
  /** Counting stopped at `images`. */
  readonly isMore: boolean;
}) {
  return { detailType: 'Ovenbird Wave Waiting', detail: { version: 1, ...detail } };
}
