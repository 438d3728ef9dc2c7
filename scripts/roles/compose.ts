/** Statements of a role from the methods that a function uses: each right once, those on the same resources together. */
import type { Statement } from '../../shared/adapters/permissions.ts';
import { groups, type PortNeeds, ports } from './ports.ts';

/** What a function uses, as function.yml lists it: methods by port. */
export type UsedPorts = Readonly<Record<string, readonly string[]>>;

export interface RoleStatement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Statement['Condition'];
  /** Reasons, for the comment above the statement. */
  readonly because: readonly string[];
}

/** Where a right comes from: it is a part of the Sid. */
interface Use {
  readonly port: string;
  readonly method: string;
  readonly statement: Statement;
}

interface Group {
  readonly resources: Set<string>;
  readonly condition: Statement['Condition'];
  readonly actions: Set<string>;
  readonly uses: Set<Use>;
}

/** The methods of `port` that `words` name, in alphabetical order. Throws on a word that the port does not know. */
function findMethods(port: string, words: readonly string[]): { needs: PortNeeds; methods: string[] } {
  const needs = ports[port];
  if (needs === undefined)
    throw new Error(`There is no port ${port}; known are ${Object.keys(ports).join(', ')}.`);
  const methods = words.flatMap((word) => groups[port]?.[word] ?? [word]);
  const known = Object.keys(needs.permissions);
  const unknown = methods.filter((method) => !known.includes(method));
  if (unknown.length > 0)
    throw new Error(`${port} has no ${unknown.join(', ')}; it has ${known.join(', ')}.`);
  return { needs, methods: [...new Set(methods)].sort() };
}

export function composeStatements(used: UsedPorts): RoleStatement[] {
  const uses = Object.entries(used).flatMap(([port, words]) => {
    const { needs, methods } = findMethods(port, words);
    return methods.flatMap((method) =>
      (needs.permissions[method] ?? []).map((statement): Use => ({ port, method, statement })),
    );
  });
  return joinSameRights(withoutCovered(groupByResources(uses)))
    .map(toRoleStatement)
    .sort(compareBySid);
}

/** The variables that the adapters of these methods read. */
export function composeEnvironment(used: UsedPorts): Record<string, string> {
  const variables = Object.entries(used).flatMap(([port, words]) => {
    const { needs, methods } = findMethods(port, words);
    return ['any', ...methods].flatMap((method) => Object.entries(needs.environment?.[method] ?? {}));
  });
  return Object.fromEntries(variables.sort(([a], [b]) => a.localeCompare(b)));
}

/** Everything that is allowed on the same resources under the same condition. */
function groupByResources(uses: readonly Use[]): Group[] {
  const found = new Map<string, Group>();
  for (const use of uses) {
    const { Action, Resource, Condition: condition } = use.statement;
    const resources = [Resource].flat().sort();
    const key = JSON.stringify([resources, condition]);
    const group = found.get(key) ?? {
      resources: new Set(resources),
      condition,
      actions: new Set(),
      uses: new Set(),
    };
    for (const action of Action) group.actions.add(action);
    group.uses.add(use);
    found.set(key, group);
  }
  return [...found.values()];
}

/** Without the actions that a group with more resources allows already: each right stands once, so that a test can take it away. */
function withoutCovered(groups: readonly Group[]): Group[] {
  for (const group of groups) {
    for (const action of group.actions) {
      const wider = groups.find((other) => other !== group && covers(other, group, action));
      if (wider === undefined) continue;
      group.actions.delete(action);
      if (group.actions.size === 0) for (const use of group.uses) wider.uses.add(use);
    }
  }
  return groups.filter(({ actions }) => actions.size > 0);
}

function covers(wider: Group, group: Group, action: string): boolean {
  return (
    wider.actions.has(action) &&
    isSameCondition(wider, group) &&
    [...group.resources].every((resource) => wider.resources.has(resource))
  );
}

/** One statement where several ports need the same of different resources, as of the queues that a function sends to. */
function joinSameRights(groups: readonly Group[]): Group[] {
  const joined: Group[] = [];
  for (const group of groups) {
    const other = joined.find(
      (candidate) =>
        [...candidate.actions].sort().join() === [...group.actions].sort().join() &&
        isSameCondition(candidate, group) &&
        ![...candidate.uses].some(({ port }) => [...group.uses].some((use) => use.port === port)),
    );
    if (other === undefined) joined.push(group);
    for (const resource of group.resources) other?.resources.add(resource);
    for (const use of group.uses) other?.uses.add(use);
  }
  return joined;
}

function isSameCondition(a: Group, b: Group): boolean {
  return JSON.stringify(a.condition) === JSON.stringify(b.condition);
}

function toRoleStatement({ actions, resources, condition, uses }: Group): RoleStatement {
  const sorted = [...uses].sort((a, b) => a.port.localeCompare(b.port));
  const byPort = Map.groupBy(sorted, ({ port }) => port);
  const names = [...byPort].map(([port, own]) =>
    [port, ...new Set(own.map(({ method, statement }) => `${pascal(method)}${statement.as ?? ''}`))]
      .map(pascal)
      .join(''),
  );
  const because = new Set(sorted.flatMap(({ statement }) => statement.because ?? []));
  return {
    Sid: names.join(''),
    Action: [...actions].sort(),
    Resource: [...resources].sort(),
    ...(condition === undefined ? {} : { Condition: condition }),
    because: [...because],
  };
}

/** `remove:unrecorded` -> `RemoveUnrecorded`: a Sid holds letters and digits alone. */
function pascal(text: string): string {
  return text
    .split(':')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
}

function compareBySid(a: RoleStatement, b: RoleStatement): number {
  return a.Sid.localeCompare(b.Sid);
}
