import { AwsError, assertNever, type Shape } from '../service.ts';
import type { Member, Schemas, StructureType, Type } from './schemas.ts';
import { badOutput, isRecord, numberFromText } from './values.ts';
import type { Wire } from './wire.ts';
import { element, escapeXml } from './xml.ts';

const NAMESPACE = ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A form's dotted names as a tree: `Filter.1.Value.2` is four levels deep. */
interface Node {
  path: string;
  value?: string;
  children: Map<string, Node>;
}

/** The ec2Query protocol: form in, XML out [D:AWSEC2/APIReference/Query-Requests, errors-overview]. */
export function ec2Wire(schemas: Schemas): Wire {
  return {
    protocol: 'ec2Query',
    readOperation(request) {
      const name = readForm(request.body, request.query).get('Action');
      return name === null || schemas.operation(name) === undefined ? undefined : name;
    },
    decode(operation, request) {
      const schema = schemas.operation(operation);
      if (schema === undefined) throw new Error(`EC2 has no operation ${operation}.`);
      const root: Node = { path: '', children: new Map() };
      for (const [key, value] of readForm(request.body, request.query)) {
        if (key !== 'Action' && key !== 'Version') insert(root, key, value);
      }
      return readStructure(schema.input, root);
    },
    encode(operation, output, requestId) {
      const schema = schemas.operation(operation);
      if (schema === undefined) throw new Error(`EC2 has no operation ${operation}.`);
      const content =
        element('requestId', escapeXml(requestId)) + writeStructure(schema.output, output, operation);
      return {
        status: 200,
        headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId },
        body: DECLARATION + element(`${operation}Response`, content, NAMESPACE),
      };
    },
    encodeError(error, requestId) {
      const detail = element('Code', escapeXml(error.code)) + element('Message', escapeXml(error.message));
      const errors = element('Errors', element('Error', detail));
      return {
        status: error.status,
        headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId },
        body: DECLARATION + element('Response', errors + element('RequestID', escapeXml(requestId))),
      };
    },
  };
}

function readForm(body: Uint8Array, query: URLSearchParams): URLSearchParams {
  const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
  for (const [key, value] of query) if (!form.has(key)) form.append(key, value);
  return form;
}

function insert(root: Node, key: string, value: string): void {
  let node = root;
  for (const part of key.split('.')) {
    const path = node.path === '' ? part : `${node.path}.${part}`;
    const next: Node = node.children.get(part) ?? { path, children: new Map() };
    node.children.set(part, next);
    node = next;
  }
  if (node.value !== undefined) {
    throw new AwsError('DuplicateParameter', `The parameter ${key} has been specified more than once.`);
  }
  node.value = value;
}

/** Name of a member in a form: its own query name, or else its XML name with a capital. */
function formName({ name, traits }: Member): string {
  if (traits.ec2QueryName !== undefined) return traits.ec2QueryName;
  const base = traits.xmlName ?? name;
  return base.charAt(0).toUpperCase() + base.slice(1);
}

function readStructure(type: StructureType, node: Node): Shape {
  if (node.value !== undefined && node.value !== '') throw invalid(node);
  const left = new Map(node.children);
  const result: Shape = {};
  for (const member of type.members) {
    const key = formName(member);
    const child = left.get(key);
    if (child === undefined) {
      if (type.required.has(member.name)) throw missing(node.path === '' ? key : `${node.path}.${key}`);
      continue;
    }
    left.delete(key);
    result[member.name] = readValue(member.type, child);
  }
  for (const unknown of left.values()) {
    throw new AwsError('UnknownParameter', `The parameter ${unknown.path} is not recognized`);
  }
  return result;
}

function readValue(type: Type, node: Node): unknown {
  switch (type.kind) {
    case 'structure':
      return readStructure(type, node);
    case 'list':
      return readList(type.member.type, node);
    case 'map':
    case 'document':
      throw new AwsError('InvalidParameter', `The parameter ${node.path} cannot be given in a form.`);
    case 'string':
      return leaf(node);
    case 'blob':
      return new Uint8Array(Buffer.from(leaf(node), 'base64'));
    case 'boolean': {
      const value = leaf(node);
      if (value !== 'true' && value !== 'false') throw invalid(node);
      return value === 'true';
    }
    case 'number': {
      const value = numberFromText(leaf(node));
      if (value === undefined) throw invalid(node);
      return value;
    }
    case 'timestamp': {
      const value = new Date(leaf(node));
      if (Number.isNaN(value.getTime())) throw invalid(node);
      return value;
    }
    default:
      return assertNever(type);
  }
}

function readList(type: Type, node: Node): unknown[] {
  if (node.value !== undefined && node.value !== '') throw invalid(node);
  const entries = [...node.children.entries()].map(([key, child]) => {
    if (!/^[1-9]\d*$/.test(key)) {
      throw new AwsError('UnknownParameter', `The parameter ${child.path} is not recognized`);
    }
    return { index: Number(key), child };
  });
  return entries.sort((a, b) => a.index - b.index).map(({ child }) => readValue(type, child));
}

function leaf(node: Node): string {
  if (node.value === undefined || node.children.size > 0) throw invalid(node);
  return node.value;
}

function missing(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
}

function invalid(node: Node): AwsError {
  return new AwsError(
    'InvalidParameterValue',
    `Value (${node.value ?? ''}) for parameter ${node.path} is invalid.`,
  );
}

function writeStructure(type: StructureType, value: unknown, path: string): string {
  if (!isRecord(value)) throw badOutput(path, 'a structure');
  const known = new Set(type.members.map(({ name }) => name));
  const unknown = Object.keys(value).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw badOutput(`${path}.${unknown}`, 'left out, for the schema does not know it');
  let xml = '';
  for (const member of type.members) {
    const content = value[member.name];
    if (content === undefined) continue;
    xml += element(
      member.traits.xmlName ?? member.name,
      writeValue(member.type, content, `${path}.${member.name}`),
    );
  }
  return xml;
}

function writeValue(type: Type, value: unknown, path: string): string {
  switch (type.kind) {
    case 'structure':
      return writeStructure(type, value, path);
    case 'list': {
      if (!Array.isArray(value)) throw badOutput(path, 'a list');
      const name = type.member.traits.xmlName ?? 'member';
      return value
        .map((item, index) => element(name, writeValue(type.member.type, item, `${path}[${index}]`)))
        .join('');
    }
    case 'map':
    case 'document':
      throw badOutput(path, 'no map, for ec2Query has none');
    case 'string':
      if (typeof value !== 'string') throw badOutput(path, 'a string');
      return escapeXml(value);
    case 'boolean':
      if (typeof value !== 'boolean') throw badOutput(path, 'a boolean');
      return String(value);
    case 'number':
      if (typeof value !== 'number') throw badOutput(path, 'a number');
      return String(value);
    case 'timestamp':
      if (!(value instanceof Date)) throw badOutput(path, 'a Date');
      return value.toISOString();
    case 'blob':
      if (!(value instanceof Uint8Array)) throw badOutput(path, 'bytes');
      return Buffer.from(value).toString('base64');
    default:
      return assertNever(type);
  }
}
