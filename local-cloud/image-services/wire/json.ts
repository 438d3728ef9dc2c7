import { assertNever, type Shape } from '../service.ts';
import type { Member, StructureType, Type } from './schemas.ts';
import { badOutput, isRecord } from './values.ts';

/** An error of a request; each protocol phrases it as its service does. */
export type Complaint =
  | { kind: 'missing'; path: string }
  | { kind: 'unknown'; path: string }
  | { kind: 'type'; path: string; expected: string };

export class BadInput extends Error {
  readonly complaint: Complaint;

  constructor(complaint: Complaint) {
    super(`${complaint.path} is ${complaint.kind === 'type' ? `no ${complaint.expected}` : complaint.kind}`);
    this.name = 'BadInput';
    this.complaint = complaint;
  }
}

/** Reads the given members of a structure from parsed JSON. Null counts as not given. */
export function readMembers(
  members: readonly Member[],
  required: ReadonlySet<string>,
  json: unknown,
  path: string,
): Shape {
  if (!isRecord(json)) throw new BadInput({ kind: 'type', path: path || 'body', expected: 'structure' });
  const known = new Map(members.map((member) => [member.name, member]));
  const result: Shape = {};
  for (const [name, value] of Object.entries(json)) {
    const member = known.get(name);
    if (member === undefined) throw new BadInput({ kind: 'unknown', path: join(path, name) });
    if (value !== null) result[name] = readJson(member.type, value, join(path, name));
  }
  for (const { name } of members) {
    if (required.has(name) && result[name] === undefined) {
      throw new BadInput({ kind: 'missing', path: join(path, name) });
    }
  }
  return result;
}

function readJson(type: Type, value: unknown, path: string): unknown {
  const expect = (holds: boolean): void => {
    if (!holds) throw new BadInput({ kind: 'type', path, expected: type.kind });
  };
  switch (type.kind) {
    case 'structure':
      return readMembers(type.members, type.required, value, path);
    case 'list':
      if (!Array.isArray(value)) throw new BadInput({ kind: 'type', path, expected: 'list' });
      return value.map((item, index) => readJson(type.member.type, item, join(path, String(index + 1))));
    case 'map': {
      if (!isRecord(value)) throw new BadInput({ kind: 'type', path, expected: 'map' });
      const entries = Object.entries(value).filter(([, item]) => item !== null);
      return Object.fromEntries(
        entries.map(([key, item]) => [key, readJson(type.value.type, item, join(path, key))]),
      );
    }
    case 'string':
      expect(typeof value === 'string');
      return value;
    case 'number':
      expect(typeof value === 'number');
      return value;
    case 'boolean':
      expect(typeof value === 'boolean');
      return value;
    case 'timestamp':
      if (typeof value !== 'number') throw new BadInput({ kind: 'type', path, expected: 'timestamp' });
      return new Date(Math.round(value * 1000));
    case 'blob':
      if (typeof value !== 'string') throw new BadInput({ kind: 'type', path, expected: 'blob' });
      return new Uint8Array(Buffer.from(value, 'base64'));
    case 'document':
      return value;
    default:
      return assertNever(type);
  }
}

export function writeStructure(type: StructureType, value: unknown, path: string): Record<string, unknown> {
  if (!isRecord(value)) throw badOutput(path, 'a structure');
  const known = new Set(type.members.map(({ name }) => name));
  const unknown = Object.keys(value).find((name) => value[name] !== undefined && !known.has(name));
  if (unknown !== undefined)
    throw badOutput(`${path}.${unknown}`, 'left out, for the schema does not know it');
  const result: Record<string, unknown> = {};
  for (const { name, type: of } of type.members) {
    if (value[name] !== undefined) result[name] = writeJson(of, value[name], `${path}.${name}`);
  }
  return result;
}

function writeJson(type: Type, value: unknown, path: string): unknown {
  switch (type.kind) {
    case 'structure':
      return writeStructure(type, value, path);
    case 'list':
      if (!Array.isArray(value)) throw badOutput(path, 'a list');
      return value.map((item, index) => writeJson(type.member.type, item, `${path}[${index}]`));
    case 'map':
      if (!isRecord(value)) throw badOutput(path, 'a map');
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => [key, writeJson(type.value.type, item, `${path}.${key}`)]),
      );
    case 'string':
    case 'number':
    case 'boolean':
      if (typeof value !== type.kind) throw badOutput(path, `a ${type.kind}`);
      return value;
    case 'timestamp':
      // Epoch seconds with fractions, the default of the JSON protocols.
      if (!(value instanceof Date)) throw badOutput(path, 'a Date');
      return value.getTime() / 1000;
    case 'blob':
      if (!(value instanceof Uint8Array)) throw badOutput(path, 'bytes');
      return Buffer.from(value).toString('base64');
    case 'document':
      return value;
    default:
      return assertNever(type);
  }
}

/** Parses a body; an empty one is an empty structure. */
export function parseBody(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new BadInput({ kind: 'type', path: 'body', expected: 'JSON' });
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
