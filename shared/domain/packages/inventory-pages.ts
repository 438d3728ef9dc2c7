/**
 * How the packages of an image are read on its test instance: by a command that any image can run, in pages, because Run Command keeps the first
 * 24,000 characters of an output (ssm GetCommandInvocationResult.StandardOutputContent).
 */

/** Bytes of a page; heading and end come on top. */
export const PAGE_BYTES = 20_000;
/** 1 MB: about 25,000 packages. */
export const MAX_PAGES = 50;
/** How often all pages are read from the first again because the packages changed meanwhile. */
const MAX_ROUNDS = 3;
/** A package manager that waits for a lock, or a hanging file system, ends here. */
export const INVENTORY_SECONDS = 120;

const HEADING = 'ovenbird-inventory';
const END = 'ovenbird-end';

/** rpm(8), QUERY OPTIONS: the epoch alone where there is one. */
const RPM_FORMAT = String.raw`rpm\t%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\n`;
/** dpkg-query(1), --showformat. */
const DPKG_FORMAT = `${['deb', ...['Package', 'Version', 'db:Status-Abbrev'].map((field) => `$\{${field}}`)].join(String.raw`\t`)}\\n`;

/** One command that reads one page. Its name stands among those of suites: results and outputs are stored under it. */
export interface InventoryRun {
  readonly round: number;
  readonly page: number;
}

export const FIRST_RUN = toRunName({ round: 1, page: 1 });

export function toRunName({ round, page }: InventoryRun): string {
  return `inventory.${round}.${page}`;
}

/** Undefined for the name of a suite or of a test component. */
export function parseRunName(name: string): InventoryRun | undefined {
  const [, round, page] = /^inventory\.([1-9][0-9]*)\.([1-9][0-9]*)$/.exec(name) ?? [];
  return page === undefined ? undefined : { round: Number(round), page: Number(page) };
}

/**
 * Prints a page of the lines that parse-inventory.ts reads: facts of the system, then a line for each package. It writes no file, so that the
 * suites find the image as it is, and needs a shell, coreutils and a package manager alone. A page is bytes of printable ASCII, so that no cut falls into
 * a character.
 */
export function writeInventoryScript(page: number): string {
  return String.raw`export LC_ALL=C
list=$({
  cat /etc/os-release | while IFS= read -r line; do printf 'os\t%s\n' "$line"; done
  printf 'machine\t%s\n' "$(uname -m)"
  if [ -n "$(command -v rpm)" ]; then
    rpm -qa --queryformat '${RPM_FORMAT}' || printf 'failed\trpm\n'
  fi
  if [ -n "$(command -v dpkg-query)" ]; then
    dpkg-query --show --showformat='${DPKG_FORMAT}' || printf 'failed\tdpkg\n'
  fi
} | tr -cd '\011\012\040-\176')
printf '${HEADING} ${page} %s\n' "$(printf '%s' "$list" | cksum)"
printf '%s' "$list" | tail -c +${(page - 1) * PAGE_BYTES + 1} | head -c ${PAGE_BYTES}
printf '\n${END}\n'
`;
}

export interface InventoryPage {
  readonly page: number;
  /** Checksum and length of the whole list: pages of one list have the same. */
  readonly list: string;
  readonly pages: number;
  readonly text: string;
}

/** What the script printed; undefined where it is something else, or was cut. */
export function parseInventoryPage(stdout: string): InventoryPage | undefined {
  const found = new RegExp(`^${HEADING} ([0-9]+) ([0-9]+) ([0-9]+)\n(.*)\n${END}\\s*$`, 's').exec(stdout);
  if (found === null) return undefined;
  const [, page = '', checksum = '', bytes = '', text = ''] = found;
  const at = Number(page);
  const size = Number(bytes);
  if (text.length !== Math.min(PAGE_BYTES, Math.max(0, size - (at - 1) * PAGE_BYTES))) return undefined;
  return {
    page: at,
    list: `${checksum} ${bytes}`,
    pages: Math.max(1, Math.ceil(size / PAGE_BYTES)),
    text,
  };
}

export type NextRun =
  | { readonly run: InventoryRun }
  | { readonly complete: true }
  | { readonly problem: string };

/** What follows a page. `first`: the page that the round began with. */
export function findNextRun({ round }: InventoryRun, page: InventoryPage, first: InventoryPage): NextRun {
  if (page.pages > MAX_PAGES)
    return { problem: `the list of its packages is longer than ${MAX_PAGES * PAGE_BYTES} characters` };
  if (page.list !== first.list)
    return round < MAX_ROUNDS
      ? { run: { round: round + 1, page: 1 } }
      : { problem: `its packages changed each of the ${MAX_ROUNDS} times that they were read` };
  return page.page < page.pages ? { run: { round, page: page.page + 1 } } : { complete: true };
}
