import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { ports } from '../../scripts/roles/ports.ts';
import { foldersIn, read, readImports } from './imports.ts';

const FunctionFileSchema = z.looseObject({ ports: z.record(z.string(), z.array(z.string())) });
const DEPS = /^shared\/lambda\/deps\/([a-z-]+)\.ts$/;

/** Ports whose adapters the handler brings along: modules of shared/lambda/deps that it imports, directly or through another of them. */
function findWiredPorts(handler: string): string[] {
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { to, typeOnly } of readImports(path)) if (!typeOnly && DEPS.test(to)) walk(to);
  };
  walk(handler);
  const names = [...seen].map((path) =>
    (DEPS.exec(path)?.[1] ?? '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  return names.filter((name) => Object.hasOwn(ports, name)).sort();
}

describe('every function', () => {
  it('lists in function.yml the ports that its handler wires, and no other', () => {
    for (const folder of foldersIn('functions')) {
      const listed = FunctionFileSchema.parse(parse(read(`functions/${folder}/function.yml`))).ports;
      expect([folder, Object.keys(listed).sort()]).toEqual([
        folder,
        findWiredPorts(`functions/${folder}/handler.ts`),
      ]);
    }
  });
});
