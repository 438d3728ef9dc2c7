import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { filesBelow, foldersIn, read, root } from './imports.ts';

const FunctionFileSchema = z.looseObject({
  handler: z.string(),
  description: z.string().min(10),
  memorySize: z.number(),
  timeout: z.number(),
  ports: z.record(z.string(), z.array(z.string())),
});

describe('every function', () => {
  const folders = foldersIn('functions');

  it('is a folder named verb-noun with handler.ts and function.yml', () => {
    const incomplete = folders.filter(
      (folder) =>
        !/^[a-z]+(?:-[a-z0-9]+)+$/.test(folder) ||
        !existsSync(join(root, 'functions', folder, 'handler.ts')) ||
        !existsSync(join(root, 'functions', folder, 'function.yml')),
    );

    expect(incomplete).toEqual([]);
  });

  it('points to its own handler and says what it does, with a memory size and a timeout', () => {
    for (const folder of folders) {
      const file = FunctionFileSchema.parse(parse(read(`functions/${folder}/function.yml`)));
      expect(file.handler).toBe(`functions/${folder}/handler.handler`);
    }
  });

  it('exports a wrapped handler and stays wiring: at most 60 lines', () => {
    const offenders = folders
      .map((folder) => ({ folder, text: read(`functions/${folder}/handler.ts`) }))
      .filter(({ text }) => !/export const handler\b/.test(text) || text.split('\n').length > 60)
      .map(({ folder }) => folder);

    expect(offenders).toEqual([]);
  });
});

describe('every state machine', () => {
  it('is a folder with its definition and a README that holds its picture', () => {
    for (const folder of foldersIn('statemachines')) {
      for (const file of [`${folder}.asl.yml`, 'README.md']) {
        expect(existsSync(join(root, 'statemachines', folder, file)) ? '' : `${folder}/${file}`).toBe('');
      }
      expect(read(`statemachines/${folder}/README.md`)).toContain('```mermaid');
    }
  });

  it('holds no text that CloudFormation would substitute', () => {
    const offenders = filesBelow('statemachines', ['.asl.yml']).filter((path) => read(path).includes('${'));

    expect(offenders).toEqual([]);
  });
});

describe('the repository', () => {
  const texts = ['.ts', '.tsx', '.mjs', '.cjs', '.py', '.yml', '.md', '.json', '.sh'];
  const folders = [
    'functions',
    'statemachines',
    'shared',
    'resources',
    'cli',
    'local',
    'local-cloud',
    'examples',
    'test',
    'bench',
    'docs',
    'scripts',
  ];

  it('names no path or address of the machine that it was written on', () => {
    const paths = /[/](?:work[/]main|root[/]|home[/][a-z]+[/]|Users[/][a-z]+[/])/;
    const offenders = folders
      .flatMap((folder) => filesBelow(folder, texts))
      .filter((path) => paths.test(read(path)));

    expect(offenders).toEqual([]);
  });

  it('has no focused or skipped test', () => {
    const focused = new RegExp(
      `\\b(?:${['it', 'describe', 'test'].join('|')})\\.(?:only|skip)\\(|\\bx(?:it|describe)\\(`,
    );
    const offenders = filesBelow('test', ['.test.ts']).filter((path) => focused.test(read(path)));

    expect(offenders).toEqual([]);
  });
});
