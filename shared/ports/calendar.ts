export interface Recurrence {
  /** `cron(...)` as AWS writes it, or `rate(...)`. */
  readonly expression: string;
  readonly timeZone: string;
  /** From when a rate counts: its first tick comes when one interval is over. The epoch where it is unknown. */
  readonly since?: string | undefined;
}

/**
 * When schedules come. Times of day are those of the time zone: one that the clocks leave out comes when they have moved on, one that they
 * repeat comes once. What comes each so many minutes or hours counts on: it leaves out what they leave out, and comes again in what they repeat.
 */
export interface Calendar {
  /** The first time after `after`; undefined where none is left. Throws InvalidSchedule, which names what is wrong. */
  next(schedule: Recurrence, after: Date): Date | undefined;
  /** The last time after `after` that is not after `upTo`. */
  last(schedule: Recurrence, window: { readonly after: Date; readonly upTo: Date }): Date | undefined;
}
