/** What the schema of definitions allows at a field path: fields, values, form. */
import * as z from 'zod';
import { DefinitionSchema } from '../shared/domain/definitions/definition.ts';

type Node = z.core.JSONSchema.BaseSchema;

let rootSchema: Node | undefined;

/** The schemas at the path; several where the field has several forms and the value fits none of them alone. */
export function findSchemasAt(path: readonly (string | number)[], raw: unknown): readonly Node[] {
  rootSchema ??= z.toJSONSchema(DefinitionSchema, { io: 'input', unrepresentable: 'any' });
  let value = raw;
  let nodes = selectForms([rootSchema], value);
  for (const part of path) {
    value = readChild(value, part);
    nodes = selectForms(
      nodes.flatMap((node) => listChildNodes(node, part)),
      value,
    );
  }
  return nodes;
}

/** Names of the fields allowed at the path, without those that are not implemented yet. */
export function listFieldsAt(path: readonly (string | number)[], raw: unknown): string[] {
  const fields = findSchemasAt(path, raw).flatMap((node) => Object.entries(node.properties ?? {}));
  const known = fields
    .filter(([name, node]) => !name.startsWith('$') && isImplemented(node))
    .map(([name]) => name);
  return [...new Set(known)];
}

export function findExampleAt(path: readonly (string | number)[], raw: unknown): string | undefined {
  const [example] = findSchemasAt(path, raw).flatMap((node) => node.examples ?? []);
  return typeof example === 'string' ? example : undefined;
}

function isImplemented(node: z.core.JSONSchema._JSONSchema): boolean {
  return typeof node !== 'boolean' && node.description?.includes('Not implemented yet') !== true;
}

/** The forms whose required fields the value has; all forms if it fits none. */
function selectForms(nodes: readonly Node[], value: unknown): readonly Node[] {
  return nodes.flatMap((node) => {
    const forms = (node.anyOf ?? []).filter(isNode);
    if (forms.length === 0) return [node];
    const named = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    const fitting = forms.filter(({ required = [] }) => required.every((name) => named.includes(name)));
    return fitting.length > 0 ? fitting : forms;
  });
}

function listChildNodes(node: Node, part: string | number): Node[] {
  const { items, properties, additionalProperties } = node;
  if (typeof part === 'number') return [items].flat().filter(isNode);
  return [properties?.[part] ?? additionalProperties].filter(isNode);
}

function isNode(node: unknown): node is Node {
  return typeof node === 'object' && node !== null;
}

function readChild(value: unknown, part: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === String(part))?.[1];
}
