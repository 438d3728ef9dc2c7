/** URL, region and credentials for the API: as given, else those of the local cloud that runs beside the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { CommandFailed, EXIT } from './exit.ts';

export interface Endpoint {
  /** Without a trailing slash. */
  readonly url: string;
  readonly region: string;
  readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
}

const StateSchema = z.object({
  endpoint: z.url(),
  controlAccount: z.string(),
  region: z.string(),
  apiUrl: z.url().optional(),
  people: z
    .array(z.object({ name: z.string(), accessKeyId: z.string(), secretAccessKey: z.string() }))
    .default([]),
});
type LocalState = z.output<typeof StateSchema>;

export async function findEndpoint(options: {
  readonly apiUrl: string | undefined;
  /** Name of a person of the local cloud, else its root user. */
  readonly as?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}): Promise<Endpoint> {
  const local = readLocalState(options.env);
  const said = options.apiUrl ?? options.env.OVENBIRD_API_URL;
  if (said !== undefined && said !== '') {
    const url = checkUrl(said);
    const isLocal = local !== undefined && new URL(url).origin === new URL(local.endpoint).origin;
    if (isLocal) return toLocalEndpoint(local, url, options.as);
    if (options.as === undefined) return await toAwsEndpoint(url, options.env);
    throw new CommandFailed(
      EXIT.invalid,
      '--as names a person of the local cloud. On AWS you are whoever your credentials are: set AWS_PROFILE.',
    );
  }
  if (local?.apiUrl !== undefined) return toLocalEndpoint(local, checkUrl(local.apiUrl), options.as);
  throw new CommandFailed(
    EXIT.unreachable,
    local === undefined
      ? 'No service is known. Give --api-url or OVENBIRD_API_URL: it is the output ApiUrl of the stack ovenbird-<stage> (aws cloudformation describe-stacks --stack-name ovenbird-dev --query "Stacks[0].Outputs"). Or start a local cloud: npm start'
      : 'The local cloud runs, but the service is not deployed into it yet. Wait for "npm start" to finish, or give --api-url.',
  );
}

function checkUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CommandFailed(EXIT.invalid, `"${url}" is not an http or https URL.`);
  return url.replace(/\/+$/, '');
}

/** In the local cloud a 12-digit access key is the root of that account. */
function toLocalEndpoint(local: LocalState, url: string, as: string | undefined): Endpoint {
  const root = { accessKeyId: local.controlAccount, secretAccessKey: 'local' };
  return { url, region: local.region, credentials: as === undefined ? root : findPerson(local, as) };
}

function findPerson({ people }: LocalState, as: string): LocalState['people'][number] {
  const found = people.find(({ name }) => name === as);
  if (found !== undefined) return found;
  const known = people.map(({ name }) => name).join(', ');
  throw new CommandFailed(
    EXIT.invalid,
    `Nobody in the local cloud is called ${as}. ${known === '' ? 'Its scenario names no people.' : `There are: ${known}`}`,
  );
}

async function toAwsEndpoint(url: string, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  // Loaded only here: it takes longer than everything else that the command does.
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const fromHost = /\.execute-api\.([a-z0-9-]+)\./.exec(new URL(url).hostname)?.[1];
  const region = fromHost ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (region === undefined)
    throw new CommandFailed(
      EXIT.invalid,
      `Set AWS_REGION: the region of the service cannot be told from ${url}.`,
    );
  return { url, region, credentials: fromNodeProviderChain() };
}

export function readLocalState(env: NodeJS.ProcessEnv): LocalState | undefined {
  const files = [
    env.OVENBIRD_LOCAL_CLOUD,
    join(process.cwd(), '.cache/local-cloud.json'),
    resolve(import.meta.dirname, '../.cache/local-cloud.json'),
  ];
  for (const file of files) {
    if (file === undefined || !existsSync(file)) continue;
    const parsed = StateSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
