/** Crockford's base 32, of which a ULID's first ten characters give the milliseconds since 1970 (github.com/ulid/spec). */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;

function parseUlidTime(id: string): number | undefined {
  const digits = [...id.slice(0, TIME_LENGTH)].map((character) => DIGITS.indexOf(character));
  if (digits.length < TIME_LENGTH || digits.includes(-1)) return undefined;
  return digits.reduce((time, digit) => time * DIGITS.length + digit, 0);
}

/** Seconds from the first of the changes that led to a release. Ids of changes are ULIDs, which hold the time when each was detected. */
export function leadTimeSeconds(causes: readonly string[], released: Date): number | undefined {
  const times = causes.map(parseUlidTime).filter((time) => time !== undefined);
  if (times.length === 0) return undefined;
  return Math.max(0, (released.getTime() - Math.min(...times)) / 1000);
}
