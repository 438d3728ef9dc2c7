/** One line that a benchmark prints. */
export interface Figure {
  readonly bench: string;
  readonly metric: string;
  /** What was measured, where one benchmark measures several things. */
  readonly of?: string;
  readonly value: number;
  readonly unit: string;
  /** The same for what it is compared with, taken in the same run. */
  readonly against: number;
  /** Ours over theirs: smaller is better. */
  readonly ratio: number;
  /** Most that `limitOf` may be; a figure without it is only printed. */
  readonly limit?: number;
  readonly limitOf?: 'ratio' | 'value';
}

export type Bench = () => AsyncIterable<Figure>;

export function isWithin({ ratio, value, limit, limitOf }: Figure): boolean {
  return limit === undefined || (limitOf === 'value' ? value : ratio) <= limit;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('There is no median of nothing.');
  return (low + high) / 2;
}

/** For people and diffs: three decimals are more than the measurement is worth. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
