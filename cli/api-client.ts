/** Calls the API's operations, signed for execute-api, and reads answers with the schemas that the service answers through. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type * as z from 'zod';
import { OPERATIONS, type Operation, type OperationName } from '../shared/domain/api/operations.ts';
import { ProblemSchema } from '../shared/domain/api/shapes.ts';
import type { Problem } from '../shared/domain/base/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { CommandFailed, EXIT, type ExitCode } from './exit.ts';

export interface ApiCall {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}
type Answer<Name extends OperationName> = z.output<(typeof OPERATIONS)[Name]['answer']>;

export interface ApiClient {
  call<Name extends OperationName>(name: Name, call?: ApiCall): Promise<Answer<Name>>;
}

const TIMEOUT_MS = 35_000;

export function apiClient(endpoint: Endpoint): ApiClient {
  const signer = new SignatureV4({
    service: 'execute-api',
    region: endpoint.region,
    credentials: endpoint.credentials,
    sha256: Sha256,
  });
  return {
    async call(name, call = {}) {
      const operation: Operation = OPERATIONS[name];
      const response = await send(signer, endpoint, operation, call);
      const text = await response.text();
      if (!response.ok) throw toCommandFailed(response.status, text, operation);
      const parsed = operation.answer.safeParse(parseJson(text));
      if (parsed.success) return parsed.data as Answer<typeof name>;
      throw new CommandFailed(
        EXIT.unreachable,
        `${endpoint.url} answered something else than Ovenbird would; check the URL, and that service and command are of one version.`,
      );
    },
  };
}

async function send(
  signer: SignatureV4,
  endpoint: Endpoint,
  operation: Operation,
  { parameters = {}, query = {}, body }: ApiCall,
): Promise<Response> {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? ''),
  );
  const url = new URL(`${endpoint.url}${path}`);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value));
  const text =
    operation.method === 'post' || operation.method === 'put' ? JSON.stringify(body ?? {}) : undefined;
  try {
    const signed = await signer.sign({
      method: operation.method.toUpperCase(),
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(text === undefined ? {} : { body: text }),
    });
    return await fetch(url, {
      method: signed.method,
      headers: signed.headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(text === undefined ? {} : { body: text }),
    });
  } catch (error) {
    throw new CommandFailed(
      EXIT.unreachable,
      `${endpoint.url} cannot be reached: ${describeFetchError(error)}`,
      [],
      {
        cause: error,
      },
    );
  }
}

/** The cause of a failed fetch: its own message is `fetch failed` whatever happened. */
function describeFetchError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} seconds`;
  if (error.name === 'CredentialsProviderError')
    return `no AWS credentials (${error.message}); sign in, or set AWS_PROFILE`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error && cause.message !== '' ? cause.message : error.message);
}

function toCommandFailed(status: number, text: string, { method, path }: Operation): CommandFailed {
  const problem = ProblemSchema.safeParse(parseJson(text));
  if (problem.success)
    return new CommandFailed(
      toExitCode(status),
      `${problem.data.detail} (${problem.data.code})`,
      problem.data.problems?.map(omitAbsent),
    );
  if (status === 403)
    return new CommandFailed(
      EXIT.failed,
      `AWS refused ${method.toUpperCase()} ${path}: your identity lacks execute-api:Invoke on it, or its credentials are not valid.`,
    );
  return new CommandFailed(toExitCode(status), `The service answered ${status}: ${text.slice(0, 200)}`);
}

type GivenProblem = NonNullable<z.output<typeof ProblemSchema>['problems']>[number];

function omitAbsent({ field, message, fix, file }: GivenProblem): Problem {
  return {
    field,
    message,
    ...(fix === undefined ? {} : { fix }),
    ...(file === undefined ? {} : { file }),
  };
}

function toExitCode(status: number): ExitCode {
  if (status === 404) return EXIT.notFound;
  if (status === 409) return EXIT.conflict;
  if (status === 400 || status === 422) return EXIT.invalid;
  return status >= 500 ? EXIT.unreachable : EXIT.failed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
