/** Reads what an image says of itself and of its packages. */
import { joinWords } from '../base/text.ts';
import type { Inventory, Package } from './inventory.ts';

export type ParsedInventory = { readonly found: Omit<Inventory, 'image'> } | { readonly problem: string };

/** Lines `os`, `machine`, `rpm`, `deb` and `failed`, their fields apart by tabs, as the script of inventory-pages.ts prints them. */
export function parseInventory(text: string): ParsedInventory {
  const rows = text.split('\n').map((line) => line.split('\t'));
  const of = (kind: string) => rows.flatMap(([first, ...rest]) => (first === kind ? [rest] : []));
  const installed = { rpm: of('rpm').flatMap(toRpmPackage), dpkg: of('deb').flatMap(toDebPackage) };
  const failed = of('failed').map(([manager = '']) => manager);
  // A manager that failed after some packages has not told all; one that is there without a database of its own takes nothing away.
  const cut = failed.filter((manager) => of(manager === 'dpkg' ? 'deb' : manager).length > 0);
  const packages = [...installed.rpm, ...installed.dpkg];
  if (cut.length > 0) return { problem: `${joinWords(cut)} did not list all packages` };
  if (packages.length === 0)
    return {
      problem:
        failed.length === 0
          ? 'neither rpm nor dpkg knows of a package in it'
          : `${joinWords(failed)} could not list the packages`,
    };
  const os = toOs(of('os').map((fields) => fields.join('\t')));
  const architecture = of('machine')[0]?.[0];
  return {
    found: {
      ...(os === undefined ? {} : { os }),
      ...(architecture === undefined || architecture === '' ? {} : { architecture }),
      packages,
    },
  };
}

/** Without the public keys that rpm lists as packages of no architecture (rpmkeys(8)). */
function toRpmPackage([name = '', version = '', architecture = '']: readonly string[]): Package[] {
  return name === '' || version === '' || architecture === '(none)'
    ? []
    : [{ name, version: dropZeroEpoch(version) }];
}

/** Installed ones: of a package that was removed dpkg may keep the configuration (dpkg-query(1), db:Status-Abbrev). */
function toDebPackage([name = '', version = '', status = '']: readonly string[]): Package[] {
  return name === '' || version === '' || status[1] !== 'i' ? [] : [{ name, version }];
}

/** An epoch of 0 is the same as none (rpm-version(7)). */
function dropZeroEpoch(version: string): string {
  return version.replace(/^0:/, '');
}

/** os-release(5): assignments of a shell, values in quotes where they need them. */
function toOs(lines: readonly string[]): Inventory['os'] {
  const values = new Map<string, string>();
  for (const line of lines) {
    const [, key, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, unquote(value));
  }
  const id = values.get('ID');
  if (id === undefined) return undefined;
  const [version, name] = [values.get('VERSION_ID'), values.get('PRETTY_NAME')];
  return {
    id,
    ...(version === undefined ? {} : { version }),
    ...(name === undefined ? {} : { name }),
  };
}

function unquote(value: string): string {
  const inner = /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
  return inner.replace(/\\(.)/g, '$1');
}
