import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { starterDefinition } from '../../cli/commands/starter.ts';
import { definitionSchema } from '../../scripts/definition-schema.ts';
import { openApiDocument } from '../../scripts/openapi-document.ts';
import { DefinitionSchema } from '../../shared/domain/definitions/definition.ts';

const stored = (name: string): unknown =>
  JSON.parse(readFileSync(join(__dirname, '../../docs', name), 'utf8'));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('published documents', () => {
  it('docs/openapi.json is what scripts/generate-openapi.ts makes', () => {
    expect(stored('openapi.json')).toEqual(plain(openApiDocument()));
  });

  it('docs/pipeline.schema.json is what scripts/generate-schema.ts makes', () => {
    expect(stored('pipeline.schema.json')).toEqual(plain(definitionSchema()));
  });

  it('the definition that `ovenbird init` writes is valid', () => {
    expect(DefinitionSchema.safeParse(parse(starterDefinition('my-image'))).success).toBe(true);
  });
});
