/** Opens the account to import from: of the profile, of the environment, or the local cloud that runs. */
import type { ImagebuilderClientConfig } from '@aws-sdk/client-imagebuilder';
import { readLocalState } from '../endpoint.ts';
import { CommandFailed, EXIT } from '../exit.ts';
import type { FoundPipeline } from './image-builder.ts';

export interface OpenAccount {
  readonly region: string;
  read(): Promise<FoundPipeline[]>;
}

/** Get and List calls are throttled early; the SDK waits longer with each try (AWS SDKs and Tools Reference Guide, retry behavior). */
const TRIES = 8;
const ACTIONS =
  'imagebuilder:ListImagePipelines, imagebuilder:GetImageRecipe, imagebuilder:GetInfrastructureConfiguration, imagebuilder:GetDistributionConfiguration and imagebuilder:GetComponent';

export async function openAccount(
  options: { readonly region?: string; readonly profile?: string },
  env: NodeJS.ProcessEnv,
): Promise<OpenAccount> {
  // Loaded only here: no other command needs them.
  const [{ ImagebuilderClient }, { readPipelines }] = await Promise.all([
    import('@aws-sdk/client-imagebuilder'),
    import('./image-builder.ts'),
  ]);
  const { region, ...config } = await readSettings(options, env);
  return {
    region,
    async read() {
      const client = new ImagebuilderClient({ ...config, region, maxAttempts: TRIES, retryMode: 'standard' });
      try {
        return await readPipelines(client);
      } catch (error) {
        throw toCommandFailed(error, region);
      } finally {
        client.destroy();
      }
    },
  };
}

async function readSettings(
  { region: asked, profile }: { readonly region?: string; readonly profile?: string },
  env: NodeJS.ProcessEnv,
): Promise<ImagebuilderClientConfig & { region: string }> {
  const local = profile === undefined && env.AWS_ENDPOINT_URL === undefined ? readLocalState(env) : undefined;
  if (local !== undefined)
    return {
      region: asked ?? local.region,
      endpoint: local.endpoint,
      // In the local cloud a 12-digit access key is the root of that account.
      credentials: { accessKeyId: local.controlAccount, secretAccessKey: 'local' },
    };
  const region = asked ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (region === undefined)
    throw new CommandFailed(EXIT.invalid, 'Give --region, or set AWS_REGION: pipelines belong to a region.');
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  return { region, credentials: fromNodeProviderChain(profile === undefined ? {} : { profile }) };
}

function toCommandFailed(error: unknown, region: string): unknown {
  if (!(error instanceof Error)) return error;
  if (['AccessDeniedException', 'ForbiddenException'].includes(error.name))
    return new CommandFailed(EXIT.failed, `${error.message} Reading needs ${ACTIONS}.`, [], { cause: error });
  if (error.name === 'CredentialsProviderError')
    return new CommandFailed(
      EXIT.failed,
      `No AWS credentials were found: ${error.message}. Give --profile, or set them up as for the AWS CLI.`,
      [],
      { cause: error },
    );
  return new CommandFailed(
    EXIT.unreachable,
    `EC2 Image Builder in ${region} could not be read: ${error.name}: ${error.message}`,
    [],
    { cause: error },
  );
}
