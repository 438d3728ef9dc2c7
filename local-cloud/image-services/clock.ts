export interface Timer {
  readonly label: string;
  cancel(): void;
}

/**
 * The clock of the simulated services. Timestamps are wall-clock time; durations are AWS seconds, which pass `speed` times
 * as fast as real ones.
 */
export interface ScaledClock {
  readonly speed: number;
  /** Wall clock, for stamps. */
  now(): Date;
  /** AWS seconds since the clock was made; token buckets refill by it. */
  elapsed(): number;
  /** Runs `action` after that many AWS seconds. An error of it is logged and stops nothing else. */
  after(awsSeconds: number, action: () => void | Promise<void>, label: string): Timer;
  /** Changes the speed, also for the rest of running timers. */
  setSpeed(speed: number): void;
  /** Labels of the pending timers. */
  pending(): string[];
  /** Cancels every timer; later ones never fire. */
  close(): void;
}

export interface ClockOptions {
  speed?: number;
  onError?: (label: string, error: unknown) => void;
}

interface Entry {
  label: string;
  action: () => void | Promise<void>;
  /** On the scale of `elapsed()`. */
  due: number;
  handle: NodeJS.Timeout | undefined;
}

// setTimeout fires at once for longer waits than this.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

export function createClock(options: ClockOptions = {}): ScaledClock {
  const onError =
    options.onError ??
    ((label: string, error: unknown) => console.error(`image services: ${label} failed`, error));
  const entries = new Set<Entry>();
  let speed = checkedSpeed(options.speed ?? 1);
  let closed = false;
  let passed = 0;
  let since = performance.now();

  function elapsed(): number {
    return passed + ((performance.now() - since) / 1000) * speed;
  }

  function arm(entry: Entry): void {
    clearTimeout(entry.handle);
    const waitMs = Math.max(0, ((entry.due - elapsed()) / speed) * 1000);
    entry.handle = setTimeout(
      () => (waitMs > LONGEST_WAIT_MS ? arm(entry) : fire(entry)),
      Math.min(waitMs, LONGEST_WAIT_MS),
    );
  }

  function fire(entry: Entry): void {
    entries.delete(entry);
    Promise.resolve()
      .then(() => entry.action())
      .catch((error: unknown) => onError(entry.label, error));
  }

  return {
    get speed() {
      return speed;
    },
    now: () => new Date(),
    elapsed,
    after(awsSeconds, action, label) {
      const entry: Entry = { label, action, due: elapsed() + awsSeconds, handle: undefined };
      if (!closed) {
        entries.add(entry);
        arm(entry);
      }
      return {
        label,
        cancel() {
          clearTimeout(entry.handle);
          entries.delete(entry);
        },
      };
    },
    setSpeed(next) {
      const reached = elapsed();
      speed = checkedSpeed(next);
      passed = reached;
      since = performance.now();
      for (const entry of entries) arm(entry);
    },
    pending: () => [...entries].map((entry) => entry.label),
    close() {
      closed = true;
      for (const entry of entries) clearTimeout(entry.handle);
      entries.clear();
    },
  };
}

function checkedSpeed(speed: number): number {
  if (!Number.isFinite(speed) || speed <= 0) {
    throw new RangeError(`The clock's speed must be a positive number, not ${speed}.`);
  }
  return speed;
}
