import { createRequire } from 'node:module';
import type { SigningName } from '../service.ts';

/*
 * The SDK packages carry their service models as arrays [M: @smithy/core/schema, sentinels and NormalizedSchema]:
 *   [0, namespace, name, traits, of]                                     a simple type with a name
 *   [1, namespace, name, traits, member]                                 a list
 *   [2, namespace, name, traits, key, value]                             a map
 *   [3 | 4 | -3, namespace, name, traits, names, members, required?]     a structure, union or error; the first n members are required
 *   [9, namespace, name, traits, input, output]                          an operation
 *   [of, traits]                                                         a type as a member; `of` may be a function
 *   a number                                                             a simple type; 64 + it a list, 128 + it a map of it
 */

export interface Traits {
  xmlName?: string;
  ec2QueryName?: string;
  httpQuery?: string;
  httpLabel?: boolean;
  http?: [method: string, path: string, status: number];
}

export interface Member {
  name: string;
  traits: Traits;
  type: Type;
}

export interface StructureType {
  kind: 'structure';
  name: string;
  members: Member[];
  required: ReadonlySet<string>;
}

export type Type =
  | { kind: 'string' | 'number' | 'boolean' | 'timestamp' | 'blob' | 'document' }
  | { kind: 'list'; member: Member }
  | { kind: 'map'; value: Member }
  | StructureType;

export interface OperationSchema {
  name: string;
  traits: Traits;
  input: StructureType;
  output: StructureType;
}

export interface Schemas {
  /** Prefix of the names in `X-Amz-Target`. */
  readonly targetPrefix: string;
  operation(name: string): OperationSchema | undefined;
  operationNames(): string[];
}

const PACKAGES: Record<SigningName, { name: string; targetPrefix: string }> = {
  ec2: { name: '@aws-sdk/client-ec2', targetPrefix: 'AmazonEC2' },
  imagebuilder: { name: '@aws-sdk/client-imagebuilder', targetPrefix: 'imagebuilder' },
  inspector2: { name: '@aws-sdk/client-inspector2', targetPrefix: 'inspector2' },
  ssm: { name: '@aws-sdk/client-ssm', targetPrefix: 'AmazonSSM' },
};

const require = createRequire(import.meta.url);
const loaded = new Map<SigningName, Schemas>();

/** The schemas of a service, as its SDK package carries them. */
export function loadSchemas(service: SigningName): Schemas {
  const known = loaded.get(service);
  if (known) return known;
  const { name, targetPrefix } = PACKAGES[service];
  const exported: Record<string, unknown> = require(name);
  const raw = new Map<string, unknown[]>();
  for (const value of Object.values(exported)) {
    if (Array.isArray(value) && value[0] === 9) raw.set(text(value[2]), value);
  }
  const read = new Map<string, OperationSchema>();
  const schemas: Schemas = {
    targetPrefix,
    operationNames: () => [...raw.keys()],
    operation(operationName) {
      const source = raw.get(operationName);
      if (source === undefined) return undefined;
      const done = read.get(operationName) ?? readOperation(source);
      read.set(operationName, done);
      return done;
    },
  };
  loaded.set(service, schemas);
  return schemas;
}

function readOperation(source: unknown[]): OperationSchema {
  return {
    name: text(source[2]),
    traits: readTraits(source[3]),
    input: readStructure(source[4]),
    output: readStructure(source[5]),
  };
}

function readStructure(schema: unknown): StructureType {
  const resolved = typeof schema === 'function' ? schema() : schema;
  if (resolved === 'unit') return { kind: 'structure', name: 'Unit', members: [], required: new Set() };
  const type = readType(resolved);
  if (type.kind !== 'structure') throw new Error('The input and output of an operation are structures.');
  return type;
}

const types = new Map<unknown, Type>();

/** Types are recursive, so a member resolves its type at first use. */
function readType(schema: unknown): Type {
  if (typeof schema === 'number') return simpleType(schema);
  const known = types.get(schema);
  if (known) return known;
  if (!Array.isArray(schema)) throw new Error(`Unknown schema ${String(schema)}.`);
  const type = compositeType(schema);
  types.set(schema, type);
  return type;
}

function compositeType(schema: unknown[]): Type {
  switch (schema[0]) {
    case 0:
      return readType(schema[4]);
    case 1:
      return { kind: 'list', member: lazyMember('member', schema[4]) };
    case 2:
      return { kind: 'map', value: lazyMember('value', schema[5]) };
    case 3:
    case 4:
    case -3: {
      const names = list(schema[4]).map(text);
      const of = list(schema[5]);
      return {
        kind: 'structure',
        name: text(schema[2]),
        members: names.map((name, index) => lazyMember(name, of[index])),
        required: new Set(names.slice(0, Number(schema[6] ?? 0))),
      };
    }
    default:
      throw new Error(`Unknown schema of kind ${String(schema[0])}.`);
  }
}

function simpleType(code: number): Type {
  if (code >= 128) return { kind: 'map', value: lazyMember('value', code - 128) };
  if (code >= 64) return { kind: 'list', member: lazyMember('member', code - 64) };
  switch (code) {
    case 0:
      return { kind: 'string' };
    case 1:
      return { kind: 'number' };
    case 2:
      return { kind: 'boolean' };
    case 4:
    case 5:
    case 6:
    case 7:
      return { kind: 'timestamp' };
    case 15:
      return { kind: 'document' };
    case 21:
      return { kind: 'blob' };
    default:
      throw new Error(`Unknown simple schema ${code}.`);
  }
}

function lazyMember(name: string, schema: unknown): Member {
  const traits: Traits = {};
  let of = schema;
  while (Array.isArray(of) && of.length === 2) {
    Object.assign(traits, readTraits(of[1]));
    of = of[0];
  }
  const target = of;
  let type: Type | undefined;
  return {
    name,
    traits,
    get type() {
      type ??= readType(typeof target === 'function' ? target() : target);
      return type;
    },
  };
}

function readTraits(traits: unknown): Traits {
  // A number is a set of flags; a server needs only the lowest, httpLabel.
  if (typeof traits === 'number') return traits & 1 ? { httpLabel: true } : {};
  if (typeof traits === 'object' && traits !== null) return { ...traits };
  return {};
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('A schema has a name where it should not.');
  return value;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('A structure in a schema has lists of names and members.');
  return value;
}
