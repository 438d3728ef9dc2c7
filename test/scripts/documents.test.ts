import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { starterDefinition } from '../../cli/commands/starter.ts';
import { definitionSchema } from '../../scripts/definition-schema.ts';
import { openApiDocument } from '../../scripts/openapi-document.ts';
import { composePartitions, PARTITIONS_FILE } from '../../scripts/partitions-document.ts';
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

interface Described {
  readonly requestBody: {
    readonly required?: boolean;
    readonly content: { readonly 'application/json': { readonly schema: unknown } };
  };
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, unknown>> }>>;
}

function readPaths(): Readonly<Record<string, Readonly<Record<string, Described>>>> {
  return Reflect.get(stored('openapi.json') as object, 'paths');
}

function readBody(path: string, method: string) {
  const { requestBody } = readPaths()[path]?.[method] ?? {};
  if (requestBody === undefined) throw new Error(`${method} ${path} has no body.`);
  return { required: requestBody.required, schema: requestBody.content['application/json'].schema };
}

describe('published documents', () => {
  it('docs/openapi.json is what scripts/generate-openapi.ts makes', () => {
    expect(stored('openapi.json')).toEqual(plain(openApiDocument()));
  });

  it('docs/pipeline.schema.json is what scripts/generate-schema.ts makes', () => {
    expect(stored('pipeline.schema.json')).toEqual(plain(definitionSchema()));
  });

  it('the partitions of the domain are those of the AWS SDK', async () => {
    expect(readFileSync(join(__dirname, '../..', PARTITIONS_FILE), 'utf8')).toBe(await composePartitions());
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

  it('both documents say that somebody has to be asked, unless approval is not required', () => {
    const asks = [
      { properties: { approval: { properties: { required: { const: false } } } } },
      { properties: { approval: { properties: { approvers: { minItems: 1 } } } } },
    ];

    expect(stored('pipeline.schema.json')).toMatchObject({ anyOf: asks });
    expect(readBody('/teams/{team}/pipelines/{name}', 'put').schema).toMatchObject({ anyOf: asks });
  });

  it('docs/openapi.json takes no field that is always refused', () => {
    const { schema } = readBody('/teams/{team}/pipelines/{name}', 'put');

    expect(fieldsThatTakeNothing(schema)).toEqual(fieldsThatTakeNothing(stored('pipeline.schema.json')));
  });

  it('docs/openapi.json asks for a body where an empty one is refused', () => {
    expect(readBody('/teams/{team}/pipelines/{name}', 'put').required).toBe(true);
    expect(readBody('/approvals/{id}/decision', 'post').required).toBe(true);
    expect(readBody('/teams/{team}/pipelines/{name}/bakes', 'post').required).toBeUndefined();
  });

  it('docs/openapi.json has what API Gateway answers by itself', () => {
    const answers = Object.values(readPaths()).flatMap((methods) =>
      Object.values(methods).map(({ responses }) => responses['403']?.content['application/json']),
    );

    expect(answers).not.toContain(undefined);
  });

  it('the definition that `ovenbird init` writes is valid', () => {
    expect(DefinitionSchema.safeParse(parse(starterDefinition('my-image'))).success).toBe(true);
  });
});
