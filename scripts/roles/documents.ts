/**
 * resources/generated/roles.yml and environment.yml: what each function and state machine may do, and the variables that the adapters of a
 * function's ports read. Composed from the permission sets (*.permissions.ts in shared/adapters), `ports:` and `events:` of function.yml, and
 * the definitions of the machines.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as YAML from 'yaml';
import * as z from 'zod';
import { composeEnvironment, composeStatements, type RoleStatement } from './compose.ts';
import { composeMachineStatements } from './machines.ts';

const root = resolve(import.meta.dirname, '../..');
const HEADER =
  ' Written by `npm run generate` (scripts/generate-roles.ts); do not edit. CONTRIBUTING.md says how to add a right.';

const chosenValues = z.record(z.string(), z.unknown()).parse(readYaml('scripts/roles/chosen-values.yml'));

const SourceSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const FunctionFileSchema = z.looseObject({
  ports: z.record(z.string(), z.array(z.string())).default({}),
  events: z
    .array(
      z.looseObject({
        sqs: z.looseObject({ arn: SourceSchema }).optional(),
        stream: z.looseObject({ arn: SourceSchema }).optional(),
      }),
    )
    .default([]),
});
type FunctionFile = z.output<typeof FunctionFileSchema>;

/** Both files by their path from the root. */
export function composeRoleDocuments(): Record<string, string> {
  const functions = listFolders('functions').map((name) => ({ name, file: readFunctionFile(name) }));
  const roles = [
    ...functions.map(({ name, file }) => [`${pascal(name)}Role`, composeFunctionRole(name, file)] as const),
    ...listFolders('statemachines').map(
      (name) =>
        [
          `${pascal(name)}MachineRole`,
          composeMachineStatements(readYaml(`statemachines/${name}/${name}.asl.yml`)),
        ] as const,
    ),
  ];
  const environment = functions.map(
    ({ name, file }) => [name, toCloudFormation(composeEnvironment(file.ports))] as const,
  );
  return {
    'resources/generated/roles.yml': formatRoles(roles),
    'resources/generated/environment.yml': format(new YAML.Document(Object.fromEntries(environment))),
  };
}

function readFunctionFile(name: string): FunctionFile {
  const path = `functions/${name}/function.yml`;
  const parsed = FunctionFileSchema.safeParse(readYaml(path));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function composeFunctionRole(name: string, { ports, events }: FunctionFile): RoleStatement[] {
  try {
    return [
      {
        Sid: 'WriteOwnLog',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [
          `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/\${AWS::StackName}-${name}:*`,
        ],
        because: [],
      },
      ...events.flatMap(composeSourceStatements),
      ...composeStatements(ports),
    ];
  } catch (cause) {
    throw new Error(`functions/${name}/function.yml: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** Lambda's poller uses the function's role (lambda/dg/with-sqs, with-ddb: "Execution role permissions"). */
function composeSourceStatements({ sqs, stream }: FunctionFile['events'][number]): RoleStatement[] {
  const [queue] = sqs?.arn['Fn::GetAtt'] ?? [];
  const [table] = stream?.arn['Fn::GetAtt'] ?? [];
  return [
    ...(queue === undefined
      ? []
      : [
          {
            Sid: `Receive${queue}`,
            Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
            Resource: [`\${${queue}.Arn}`],
            because: [],
          },
        ]),
    ...(table === undefined
      ? []
      : [
          {
            Sid: `Read${table}Stream`,
            Action: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
            Resource: [`\${${table}.StreamArn}`],
            because: [],
          },
          {
            Sid: `List${table}Streams`,
            Action: ['dynamodb:ListStreams'],
            Resource: ['*'],
            because: [
              'dynamodb:ListStreams has no resource-level permissions (Service Authorization Reference, Amazon DynamoDB).',
            ],
          },
        ]),
  ];
}

function formatRoles(roles: readonly (readonly [string, readonly RoleStatement[]])[]): string {
  const document = new YAML.Document({});
  for (const [id, statements] of roles) {
    const sids = statements.map(({ Sid }) => Sid);
    const twice = sids.find((sid, index) => sids.indexOf(sid) !== index);
    if (twice !== undefined)
      throw new Error(`${id}: two statements are called ${twice}; give one of them \`as\`.`);
    const items = statements.map(({ Sid, Action, Resource, Condition, because }) => {
      const node = document.createNode({
        Sid,
        Effect: 'Allow',
        Action,
        Resource: toCloudFormation(Resource.length === 1 ? Resource[0] : Resource),
        ...(Condition === undefined ? {} : { Condition: toCloudFormation(Condition) }),
      });
      if (because.length > 0) node.commentBefore = because.map((reason) => ` ${reason}`).join('\n');
      return node;
    });
    document.set(id, document.createNode(items));
  }
  return format(document);
}

/** Characters of a list that stands in one line. */
const LINE = 100;

function format(document: YAML.Document): string {
  document.commentBefore = HEADER;
  YAML.visit(document, {
    Map: (_, node) => {
      const isReference = node.items.length === 1 && /^(?:Ref|Fn::\w+)$/.test(String(node.items[0]?.key));
      if (isReference && String(node.items[0]?.key) !== 'Fn::If') node.flow = true;
    },
    Seq: (_, node) => {
      if (node.items.every((item) => YAML.isScalar(item)) && String(node).length <= LINE) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** `${Table.Arn}` alone becomes `Fn::GetAtt`, `${Table}` alone `Ref` or what chosen-values.yml has, text around a reference `Fn::Sub`. */
function toCloudFormation(value: unknown): unknown {
  if (typeof value === 'string') {
    const [, id = '', attribute] = /^\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9]+))?\}$/.exec(value) ?? [];
    if (id in chosenValues) return chosenValues[id];
    if (attribute !== undefined) return { 'Fn::GetAtt': [id, attribute] };
    if (id !== '') return { Ref: id };
    return value.includes('${') ? { 'Fn::Sub': value } : value;
  }
  if (Array.isArray(value)) return value.map(toCloudFormation);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toCloudFormation(entry)]));
}

function readYaml(path: string): unknown {
  return YAML.parse(readFileSync(join(root, path), 'utf8'));
}

function listFolders(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** `start-build` -> `StartBuild` */
export function pascal(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
