/** What an image's shell prints for the command that reads its packages, without running it: test/shared/domain/inventory-script.test.ts does. */
import type { Package } from '../../shared/domain/packages/inventory.ts';
import { PAGE_BYTES } from '../../shared/domain/packages/inventory-pages.ts';

/** `checksum`: equal for pages of one list alone. */
export function printInventory(packages: readonly Package[], page = 1, checksum = 1): string {
  return printPage(toLines(packages), page, checksum);
}

export function toLines(packages: readonly Package[]): string {
  return [
    'os\tID="amzn"',
    'os\tVERSION_ID="2023"',
    'machine\tx86_64',
    ...packages.map(({ name, version }) => `rpm\t${name}\t${version}\tx86_64`),
  ].join('\n');
}

export function printPage(text: string, page = 1, checksum = 1): string {
  const part = text.slice((page - 1) * PAGE_BYTES, page * PAGE_BYTES);
  return `ovenbird-inventory ${page} ${checksum} ${text.length}\n${part}\novenbird-end\n`;
}
