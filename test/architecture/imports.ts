import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** Files below a folder of the repository whose name ends so, as paths from the root. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  let entries: import('node:fs').Dirent[];
  try {
    entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.includes('node_modules/'))
    .sort();
}

export function foldersIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export interface Import {
  readonly from: string;
  /** A package, or a path from the root. */
  readonly to: string;
  /** `import type` alone: nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/g;

export function readImports(path: string): Import[] {
  return [...read(path).matchAll(IMPORT)].map(([, type, named, dynamic]) => {
    const target = named ?? dynamic ?? '';
    const to = target.startsWith('.') ? posix.normalize(posix.join(dirname(path), target)) : target;
    return { from: path, to, typeOnly: type !== undefined };
  });
}

/** Imports that break a rule, as text that says which file and what. */
export function findForbiddenImports(folder: string, allowed: (imported: Import) => boolean): string[] {
  return filesBelow(folder, ['.ts', '.tsx'])
    .flatMap(readImports)
    .filter((imported) => !allowed(imported))
    .map(({ from, to }) => `${from} imports ${to}`);
}

/** Files that import each other in a circle, types included: one text for each circle, in the order of the imports. */
export function findImportCycles(folder: string): string[] {
  const files = new Map(
    filesBelow(folder, ['.ts', '.tsx']).map((path) => [path, readImports(path).map(({ to }) => to)]),
  );
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]) => {
    const before = way.indexOf(path);
    if (before >= 0) found.add([...way.slice(before), path].join(' -> '));
    if (before >= 0 || done.has(path)) return;
    for (const to of files.get(path) ?? []) walk(to, [...way, path]);
    done.add(path);
  };
  for (const path of files.keys()) walk(path, []);
  return [...found];
}
