import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { resolver, type StackContext, type Template, TemplateSchema } from '../support/resolve-template.ts';

const run = promisify(execFile);

export const root = resolve(import.meta.dirname, '../..');
const folder = join(root, '.cache', 'package-test');
const buildFolder = '.cache/package-test-build';
export const bundles = join(root, buildFolder, '.build');

export const VALUES = {
  ControlAccount: '111122223333',
  FirstApprover: 'image-owners@example.com',
  BuildVpcId: 'vpc-0123456789abcdef0',
  BuildSubnetIds: 'subnet-0123456789abcdef0',
  TargetAccounts: '444455556666,777788889999',
  TargetExternalId: 'an-external-id',
} as const;

/** What may be left out and is chosen here, so that every resource is there. */
export const OPTIONAL_VALUES = {
  SourceObjects: 'arn:aws:s3:::our-sources/*',
  HearAnnouncements: 'true',
  OtherVpcs: 'arn:aws:ec2:eu-west-1:999900001111:vpc/vpc-0fedcba9876543210',
  InstanceRoles: 'arn:aws:iam::111122223333:role/images/*',
  // Of the account that holds the keys of the organization.
  BuildKeyArn: 'arn:aws:kms:eu-west-1:222233334444:key/66666666-7777-8888-9999-000000000000',
} as const;

export const stackContext: StackContext = {
  account: '111122223333',
  region: 'eu-west-1',
  stackName: 'ovenbird-dev',
};

export const templateFile = join(folder, 'cloudformation-template-update-stack.json');

const FailedCommandSchema = z.looseObject({ stdout: z.string(), stderr: z.string() });

export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** Runs the Serverless CLI of the repository as a user would. */
export async function serverless(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const bin = join(root, 'node_modules', '.bin');
  try {
    const { stdout, stderr } = await run(join(bin, 'serverless'), args, {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        PATH: [bin, process.env.PATH].join(delimiter),
        OVENBIRD_BUILD_FOLDER: buildFolder,
        ...env,
      },
    });
    return { code: 0, output: `${stdout}${stderr}` };
  } catch (error) {
    const { stdout, stderr } = FailedCommandSchema.parse(error);
    return { code: 1, output: `${stdout}${stderr}` };
  }
}

/** Jest calls this once before the project's tests. */
export default async function packageService(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rm(join(root, buildFolder), { recursive: true, force: true });
  const values = Object.entries({ ...VALUES, ...OPTIONAL_VALUES }).map(
    ([name, value]) => `--param=${name}=${value}`,
  );
  const { code, output } = await serverless(['package', '--package', folder, ...values]);
  if (code !== 0 || !existsSync(templateFile))
    throw new Error(`The service could not be packaged:\n${output}`);
}

let parsed: Template | undefined;
export function template(): Template {
  parsed ??= TemplateSchema.parse(JSON.parse(readFileSync(templateFile, 'utf8')));
  return parsed;
}

/** What users deploy beside the service, in target accounts and in other regions. */
export const OWN_TEMPLATES = ['target-account.yml', 'shared-images-region.yml', 'build-key.yml'] as const;

/** All templates, with a topic for the alarms of those that ask for one. */
export function allTemplates(): { name: string; template: Template; place: StackContext }[] {
  const own = OWN_TEMPLATES.map((name) => ({
    name,
    template: TemplateSchema.parse(parseYaml(readFileSync(join(root, 'resources', name), 'utf8'))),
    place: { ...stackContext, parameters: { AlarmTopic: 'arn:aws:sns:eu-west-1:444455556666:alarms' } },
  }));
  return [{ name: 'the service', template: template(), place: stackContext }, ...own];
}

export function resolved(value: unknown): unknown {
  return resolver(template(), stackContext)(value);
}

/** Resources of a type with their properties resolved, by logical id. */
export function listResources(
  type: string,
  of: { readonly template: Template; readonly place: StackContext } = {
    template: template(),
    place: stackContext,
  },
): { id: string; properties: Record<string, unknown> }[] {
  const resolve = resolver(of.template, of.place);
  return Object.entries(of.template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties }]) => {
      const properties = resolve(Properties);
      return {
        id,
        properties: typeof properties === 'object' && properties !== null ? { ...properties } : {},
      };
    });
}
