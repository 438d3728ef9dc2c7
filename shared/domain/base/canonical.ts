/**
 * One text for equal values, whatever the order of their fields or the machine: keys sorted by code unit, no white space, `undefined` left out.
 * Fingerprints, client tokens, execution inputs and evidence digests are made of it.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('Only finite numbers have a canonical form.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((entry) => canonical(entry ?? null)).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
  }
  throw new Error(`A ${typeof value} has no canonical form.`);
}

/** Lower-case hexadecimal SHA-256 of the text in UTF-8. */
export type Digest = (text: string) => string;
