import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { EVENT_PATH, SIZE_LIMIT_KB } from '../../bench/event-path.parts.ts';
import { pascal } from '../../scripts/roles/documents.ts';
import { foldersIn } from '../architecture/imports.ts';
import { bundles, listResources } from './packaged.ts';

const MetaSchema = z.object({
  outputs: z.record(
    z.string(),
    z.object({ inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })) }),
  ),
});

function listSdkClients(name: string): string[] {
  const meta = MetaSchema.parse(
    JSON.parse(readFileSync(join(bundles, 'functions', name, 'handler-meta.json'), 'utf8')),
  );
  const found = Object.values(meta.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => /node_modules\/@aws-sdk\/client-([a-z0-9-]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(found)];
}

describe('bundles', () => {
  const names = foldersIn('functions');

  it('carry the EC2 client only where the role may call EC2', () => {
    const roles = new Map(
      listResources('AWS::IAM::Role').map(({ id, properties }) => [id, JSON.stringify(properties.Policies)]),
    );
    const offenders = names.filter(
      (name) =>
        listSdkClients(name).includes('ec2') &&
        !/\bec2:|sts:AssumeRole/.test(roles.get(`${pascal(name)}Role`) ?? ''),
    );

    expect(offenders).toEqual([]);
  });

  it.each(EVENT_PATH)('of %s is at most 500 kB compressed and without the EC2 client', (name) => {
    const file = join(bundles, 'functions', name, 'handler.mjs');

    expect(existsSync(file)).toBe(true);
    expect(gzipSync(readFileSync(file)).byteLength / 1000).toBeLessThanOrEqual(SIZE_LIMIT_KB);
    expect(listSdkClients(name)).not.toContain('ec2');
  });

  it('carry no package for development and no second copy of the SDK’s core', () => {
    const development = /node_modules\/(?:jest|esbuild|typescript|serverless)/;
    for (const name of names) {
      const meta = readFileSync(join(bundles, 'functions', name, 'handler-meta.json'), 'utf8');
      expect([name, development.test(meta)]).toEqual([name, false]);
    }
  });
});
