/** Finds code that tells kinds apart by a literal. Types are stripped by the compiler of the bundles; what is left is read as a syntax tree. */
import { type AnyNode, type Node, parse } from 'acorn';
import { transformSync } from 'esbuild';

export interface Registry {
  readonly what: string;
  readonly names: readonly string[];
  /** Properties, and variables destructured from them, that hold the name of a kind. */
  readonly properties: readonly string[];
  /** Properties and variables that hold a key, which begins with the name of its kind. */
  readonly keys?: readonly string[];
  /** Files, and folders that end with a slash, that may know one kind from another. */
  readonly own: readonly string[];
}

/** Each comparison of a kind with a literal, with its file. */
export function findComparisons(path: string, source: string, registry: Registry): string[] {
  if (registry.own.some((own) => (own.endsWith('/') ? path.startsWith(own) : path === own))) return [];
  const loader = path.endsWith('x') ? 'tsx' : 'ts';
  const { code } = transformSync(source, { loader, jsx: 'automatic', target: 'esnext', format: 'esm' });
  return listNodes(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }))
    .filter((node) => isComparison(node, registry))
    .map(({ start, end }) => `${path}: ${code.slice(start, end).split('\n')[0]}`);
}

function listNodes(node: AnyNode): AnyNode[] {
  const children = Object.values(node).flat().filter(isNode);
  return [node, ...children.flatMap(listNodes)];
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function isComparison(node: AnyNode, registry: Registry): boolean {
  const isName = (other: Node | null | undefined) => registry.names.includes(readText(other) ?? '');
  const isKind = (other: Node) => registry.properties.includes(readProperty(other) ?? '');
  switch (node.type) {
    case 'BinaryExpression':
      if (node.operator === 'in') return isName(node.left);
      return (
        /^[!=]==?$/.test(node.operator) &&
        ((isName(node.left) && isKind(node.right)) || (isKind(node.left) && isName(node.right)))
      );
    case 'SwitchStatement':
      return isKind(node.discriminant) && node.cases.some(({ test }) => isName(test));
    case 'CallExpression':
      return isMembershipTest(node, isName, isKind) || isPrefixTest(node, registry);
    default:
      return false;
  }
}

type Call = Extract<AnyNode, { type: 'CallExpression' }>;
type Test = (node: Node) => boolean;

/** `['ssm', 'ami'].includes(selector.kind)`. */
function isMembershipTest({ callee, arguments: given }: Call, isName: Test, isKind: Test): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'ArrayExpression' &&
    callee.object.elements.some((element) => element !== null && isName(element)) &&
    given.some(isKind)
  );
}

/** `key.startsWith('pipeline:')`: keys begin with the name of a kind. */
function isPrefixTest({ callee, arguments: given }: Call, { names, keys = [] }: Registry): boolean {
  const prefix = readText(given[0]);
  return (
    callee.type === 'MemberExpression' &&
    readProperty(callee) === 'startsWith' &&
    keys.includes(readProperty(callee.object) ?? '') &&
    names.some((name) => prefix === `${name}:`)
  );
}

/** The text of a string or of a template without expressions. */
function readText(node: Node | null | undefined): string | undefined {
  const found = node as AnyNode | null | undefined;
  if (found?.type === 'Literal') return typeof found.value === 'string' ? found.value : undefined;
  if (found?.type !== 'TemplateLiteral' || found.quasis.length !== 1) return undefined;
  return found.quasis[0]?.value.cooked ?? undefined;
}

/** `kind` of `a.b.kind`, `a?.kind` and `kind`. */
function readProperty(node: Node): string | undefined {
  const found = node as AnyNode;
  if (found.type === 'ChainExpression') return readProperty(found.expression);
  if (found.type === 'Identifier') return found.name;
  if (found.type !== 'MemberExpression' || found.computed) return undefined;
  return readProperty(found.property);
}
