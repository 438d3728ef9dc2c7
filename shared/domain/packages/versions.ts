/**
 * Which version of a package is newer, as the package managers themselves see it. Both orders are total, so the newest of a list does not
 * depend on the order of the list.
 */
export type PackageFormat = 'apt' | 'rpm';

type Order = -1 | 0 | 1;

interface Evr {
  readonly epoch: bigint;
  readonly version: string;
  readonly release: string;
}

/** `[epoch:]version[-release]`, where an absent epoch is 0. */
export function comparePackageVersions(format: PackageFormat, a: string, b: string): Order {
  const [left, right] = [parseEvr(format, a), parseEvr(format, b)];
  const part = format === 'apt' ? compareDebianPart : compareRpmPart;
  return (
    order(left.epoch, right.epoch) || part(left.version, right.version) || part(left.release, right.release)
  );
}

/** The newest of the versions; undefined where there is none. */
export function newestPackageVersion(format: PackageFormat, versions: Iterable<string>): string | undefined {
  let newest: string | undefined;
  for (const version of versions) {
    if (newest === undefined || comparePackageVersions(format, version, newest) > 0) newest = version;
  }
  return newest;
}

/** The version ends at the last hyphen in Debian (deb-version(7)), and at the only one in RPM (rpm-version(7)). */
function parseEvr(format: PackageFormat, text: string): Evr {
  const [, epoch = '0', rest = ''] = /^(?:([0-9]*):)?(.*)$/s.exec(text) ?? [];
  const hyphen = format === 'apt' ? rest.lastIndexOf('-') : rest.indexOf('-');
  return {
    epoch: BigInt(epoch),
    version: hyphen < 0 ? rest : rest.slice(0, hyphen),
    release: hyphen < 0 ? '' : rest.slice(hyphen + 1),
  };
}

/**
 * deb-version(7), "Sorting algorithm": parts that are no digits and parts that are take turns. In the former a tilde comes before
 * everything, even before the end, and letters before all other characters.
 */
function compareDebianPart(a: string, b: string): Order {
  const [left, right] = [debianParts(a), debianParts(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [text, number] = left[index] ?? EMPTY_PART;
    const [otherText, otherNumber] = right[index] ?? EMPTY_PART;
    const found = compareDebianText(text, otherText) || order(number, otherNumber);
    if (found !== 0) return found;
  }
  return 0;
}

const EMPTY_PART = ['', 0n] as const;

function debianParts(text: string): (readonly [string, bigint])[] {
  return [...text.matchAll(/([^0-9]*)([0-9]*)/g)]
    .filter(([whole]) => whole !== '')
    .map(([, other = '', digits = '']) => [other, BigInt(digits || '0')] as const);
}

function compareDebianText(a: string, b: string): Order {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const found = order(debianRank(a[index]), debianRank(b[index]));
    if (found !== 0) return found;
  }
  return 0;
}

function debianRank(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

/**
 * rpm-version(7), "Version comparison": runs of digits and runs of letters, and everything else only parts them. A tilde is older than the
 * end, a caret is newer than the end and older than everything else; digits are newer than letters.
 */
function compareRpmPart(a: string, b: string): Order {
  const [left, right] = [rpmParts(a), rpmParts(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, two] = [left[index], right[index]];
    const found = order(rpmRank(one), rpmRank(two)) || compareRpmRun(one ?? '', two ?? '');
    if (found !== 0) return found;
  }
  return 0;
}

function rpmParts(text: string): string[] {
  return text.match(/[0-9]+|[A-Za-z]+|[~^]/g) ?? [];
}

function rpmRank(part: string | undefined): number {
  if (part === undefined) return 1;
  if (part === '~') return 0;
  if (part === '^') return 2;
  return /^[0-9]/.test(part) ? 4 : 3;
}

/** Both are digits, or neither is. */
function compareRpmRun(a: string, b: string): Order {
  if (/^[0-9]/.test(a)) return order(BigInt(a), BigInt(b));
  return order(a, b);
}

export function order<Value extends bigint | number | string>(a: Value, b: Value): Order {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
