import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { starterDefinition } from '../../cli/commands/starter.ts';
import { definitionSchema } from '../../scripts/definition-schema.ts';
import { openApiDocument } from '../../scripts/openapi-document.ts';
import { composeRoleDocuments } from '../../scripts/roles/documents.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import { UNSUPPORTED_FIELDS } from '../support/odd-definitions.ts';

const stored = (name: string): unknown =>
  JSON.parse(readFileSync(join(__dirname, '../../docs', name), 'utf8'));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Paths of the fields that an editor marks whatever they hold. */
function fieldsThatTakeNothing(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if ('not' in schema) return [path];
  const properties = 'properties' in schema ? Object.entries(schema.properties ?? {}) : [];
  return properties.flatMap(([name, inner]) =>
    fieldsThatTakeNothing(inner, path === '' ? name : `${path}.${name}`),
  );
}

describe('published documents', () => {
  it('docs/openapi.json is what scripts/generate-openapi.ts makes', () => {
    expect(stored('openapi.json')).toEqual(plain(openApiDocument()));
  });

  it('docs/pipeline.schema.json is what scripts/generate-schema.ts makes', () => {
    expect(stored('pipeline.schema.json')).toEqual(plain(definitionSchema()));
  });

  it('resources/generated is what scripts/generate-roles.ts makes', () => {
    for (const [path, text] of Object.entries(composeRoleDocuments()))
      expect([path, readFileSync(join(__dirname, '../..', path), 'utf8')]).toEqual([path, text]);
  });

  it('docs/pipeline.schema.json takes nothing that is not implemented yet', () => {
    const schema = stored('pipeline.schema.json');

    expect(fieldsThatTakeNothing(schema)).toEqual(
      UNSUPPORTED_FIELDS.map(([field]) => field).filter((field) => field !== 'build.engine'),
    );
    expect(schema).toHaveProperty('properties.build.properties.engine.enum', ['imageBuilder']);
  });

  it('the definition that `ovenbird init` writes is valid', () => {
    expect(DefinitionSchema.safeParse(parse(starterDefinition('my-image'))).success).toBe(true);
  });
});
