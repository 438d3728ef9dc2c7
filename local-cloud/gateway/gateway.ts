import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageServices } from '../image-services/index.ts';
import { AwsError, type SigningName } from '../image-services/service.ts';
import { findActions } from './actions/actions.ts';
import type { Operation } from './actions/operation.ts';
import { needsBody, readOperation } from './actions/operations.ts';
import { faultAnswer } from './fault-answer.ts';
import type { Fault, Faults } from './faults.ts';
import { plainHeaders, readBody, send, splitUrl } from './http.ts';
import { type Identities, isRootKey } from './identities.ts';
import { acceptImageParameter, isImageParameter, refusedImageParameter } from './image-parameters.ts';
import type { Identity, Launcher } from './launcher-client.ts';
import { hideMissingObject, isMissingObject } from './missing-objects.ts';
import { refusedParameter } from './parameter-rules.ts';
import { fixedAnswer, type MiniStackProxy, type Proxied } from './proxy.ts';
import type { RecordedAction, RecordedCall, Recorder } from './recorder.ts';
import { parseSignature, type Signature, signatureIsValid } from './signature.ts';

export interface GatewayOptions {
  proxy: MiniStackProxy;
  launcher: Launcher;
  identities: Identities;
  recorder: Recorder;
  faults: Faults;
  images: ImageServices;
}

/** A signed request with its caller and its operation. */
interface SignedCall {
  incoming: IncomingMessage;
  response: ServerResponse;
  signature: Signature;
  identity: Identity | undefined;
  body: Buffer | undefined;
  operation: Operation;
  arrival: Pick<RecordedCall, 'at' | 'ticks'>;
}

/** Run Command is answered by the image services, the rest of Systems Manager by MiniStack. */
const runCommand = new Set([
  'SendCommand',
  'GetCommandInvocation',
  'ListCommands',
  'ListCommandInvocations',
  'CancelCommand',
  'DescribeInstanceInformation',
]);

/** The HTTP handler for all services: finds the service by the signature, injects faults, records calls. */
export function createGateway(parts: GatewayOptions) {
  const { identities, recorder, faults, images, launcher, proxy } = parts;
  const kmsKeys = new Map<string, string>();

  return async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = incoming.url ?? '/';
    const arrival = { at: new Date().toISOString(), ticks: performance.now() };
    const signature = parseSignature(url, incoming.headers);
    if (!signature) return unsigned(incoming, response, arrival);

    const body = needsBody(signature.service) ? await readBody(incoming) : undefined;
    const identity = await identities.of(signature.accessKeyId);
    const { path, query } = splitUrl(url);
    const operation = readOperation({
      service: signature.service,
      method: incoming.method ?? 'GET',
      path,
      query,
      headers: incoming.headers,
      body: body ?? Buffer.alloc(0),
    });
    const call: SignedCall = { incoming, response, signature, identity, body, operation, arrival };
    const ours = findImageService(signature.service, operation.name);
    if (ours && body) await imageCall(call, ours, body);
    else await ministackCall(call);
  };

  /** Unsigned requests (approval pages, health checks, subscription confirmations): recorded as `anonymous` and not checked. */
  async function unsigned(
    incoming: IncomingMessage,
    response: ServerResponse,
    arrival: SignedCall['arrival'],
  ): Promise<void> {
    const answer = await proxy.forward(incoming, undefined);
    const operation = `${incoming.method} ${splitUrl(incoming.url ?? '/').path}`;
    const anonymous = { service: 'http', principal: 'anonymous', account: '', region: '', actions: [] };
    recorder.record({ ...arrival, ...anonymous, operation, ...outcome(answer) });
    answer.deliver(response);
  }

  async function ministackCall(call: SignedCall): Promise<void> {
    const { signature, operation, response } = call;
    const known = describeCall(call, operation.name);
    const fault = faults.meet(known);
    const record = async (result: { status: number; errorCode?: string }, asked = actions(call)) =>
      recorder.record({ ...known, actions: await asked, ...result, ...faultId(fault) });

    if (fault && 'delayMs' in fault.effect) await sleep(fault.effect.delayMs);
    if (fault && 'error' in fault.effect) {
      const answer = faultAnswer(signature.service, fault.effect.error);
      call.incoming.resume();
      await record({ status: answer.status, errorCode: fault.effect.error.code });
      return send(response, answer);
    }
    if (isCrash(fault, 'before')) {
      await record({ status: 0, errorCode: 'Crashed' });
      return crash(call);
    }
    if (signature.service === 'ssm') {
      const caller = { account: known.account, region: known.region, accessKeyId: signature.accessKeyId };
      const refused =
        (await refusedParameter(operation, caller, launcher)) ??
        (isImageParameter(operation)
          ? await refusedImageParameter(operation, caller, images.ec2, launcher)
          : undefined);
      if (refused) {
        await record({ status: refused.status });
        return send(response, refused);
      }
    }
    // The actions are computed while MiniStack works on the request.
    const late = isImageParameter(operation) ? await acceptLate(call) : undefined;
    const forwarded = late ?? proxy.forward(call.incoming, call.body);
    const asked = actions(call);
    const [found] = await Promise.all([forwarded, asked]);
    const answer = isMissingObject(signature.service, operation, found)
      ? await hideMissingObject(found, operation, { ...known, accessKeyId: signature.accessKeyId }, launcher)
      : found;
    await record(outcome(answer), asked);
    if (isCrash(fault, 'after') || (fault && 'dropResponse' in fault.effect)) {
      await answer.discard();
      return isCrash(fault, 'after') ? crash(call) : void response.destroy();
    }
    answer.deliver(response);
  }

  /** The answer to a parameter's write that is stored later than it is answered. */
  async function acceptLate({ incoming, body, operation, signature, identity }: SignedCall) {
    const { clock, effects } = images.world;
    if (effects.delays.parameter === 0) return undefined;
    const { accessKeyId, region } = signature;
    const caller = { account: identity?.account ?? '', region, accessKeyId };
    const accepted = await acceptImageParameter(operation, caller, launcher);
    if (accepted === undefined) return undefined;
    const store = async () => (await proxy.forward(incoming, body)).discard();
    clock.after(effects.delays.parameter, store, `parameter ${operation.input.Name}`);
    return fixedAnswer(accepted);
  }

  async function actions({ signature, identity, operation }: SignedCall): Promise<RecordedAction[]> {
    const scope = { account: identity?.account ?? '', region: signature.region };
    const found = findActions(signature.service, operation, scope);
    // A parameter of the type `aws:ec2:image` requires the permission to describe the image. [D:parameter-store-ec2-aliases]
    if (isImageParameter(operation)) found.push({ action: 'ec2:DescribeImages', resource: '*' });
    if (signature.service !== 'kms') return found;
    return Promise.all(found.map(async (one) => ({ ...one, resource: await keyArn(one.resource, scope) })));
  }

  /** IAM checks use of a key by an alias on the key. [D:kms/alias-authorization] */
  async function keyArn(arn: string, scope: { account: string; region: string }): Promise<string> {
    if (!arn.includes(':alias/')) return arn;
    const known = kmsKeys.get(arn);
    if (known) return known;
    const access = await launcher.kmsAccess({ key: arn, ...scope, principalArn: '', operations: [] });
    if (!access.exists) return arn;
    kmsKeys.set(arn, access.arn);
    return access.arn;
  }

  async function imageCall(call: SignedCall, signingName: SigningName, body: Buffer): Promise<void> {
    const { incoming, signature, response, identity } = call;
    const { path, query } = splitUrl(incoming.url ?? '/');
    const request = { method: incoming.method ?? 'GET', path, query, headers: plainHeaders(incoming), body };
    const requestId = randomUUID();
    const name = images.readOperation({ ...request, signingName }) ?? 'Unknown';
    const known = describeCall(call, name);
    const fault = faults.meet(known);
    const fail = (error: AwsError) => {
      const answer = images.errorResponse(signingName, error, requestId);
      const result = { status: answer.status, errorCode: error.code };
      recorder.record({ ...known, actions: [], ...result, ...faultId(fault) });
      send(response, answer);
    };

    if (fault && 'delayMs' in fault.effect) await sleep(fault.effect.delayMs);
    if (fault && 'error' in fault.effect) {
      const { code, message = `Injected: ${code}`, status = 400 } = fault.effect.error;
      return fail(new AwsError(code, message, status));
    }
    if (isCrash(fault, 'before')) {
      recorder.record({ ...known, actions: [], status: 0, errorCode: 'Crashed', ...faultId(fault) });
      return crash(call);
    }
    const refusal = refusedCredentials(call, signingName, body);
    if (refusal || !identity) return fail(refusal ?? unknownKey(signingName));

    const result = await images.dispatch({
      ...request,
      signingName,
      call: {
        account: identity.account,
        region: signature.region,
        principalArn: identity.principalArn,
        accessKeyId: signature.accessKeyId,
        requestId,
        sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
      },
    });
    recorder.record({
      ...known,
      operation: result.operation,
      actions: result.actions,
      status: result.status,
      ...(result.errorCode === undefined ? {} : { errorCode: result.errorCode }),
      ...faultId(fault),
    });
    if (isCrash(fault, 'after')) await crash(call);
    else if (fault && 'dropResponse' in fault.effect) response.destroy();
    else send(response, result);
  }

  /** Kills the calling function; any other caller loses its connection. */
  async function crash({ incoming, response }: SignedCall): Promise<void> {
    await launcher.crashFunction(incoming.socket.remotePort ?? 0);
    response.destroy();
  }
}

function findImageService(service: string, operation: string): SigningName | undefined {
  if (service === 'ec2' || service === 'imagebuilder' || service === 'inspector2') return service;
  return service === 'ssm' && runCommand.has(operation) ? service : undefined;
}

/** The refusal of a request that is not signed with the secret of its key; root keys need no valid signature. */
function refusedCredentials(call: SignedCall, signingName: SigningName, body: Buffer): AwsError | undefined {
  const { incoming, signature, identity } = call;
  if (isRootKey(signature.accessKeyId)) return undefined;
  if (!identity?.secretAccessKey || identity.sessionToken !== signature.sessionToken)
    return unknownKey(signingName);
  const request = {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers: incoming.headers,
    body,
  };
  if (signatureIsValid(request, signature, identity.secretAccessKey)) return undefined;
  return signingName === 'ec2'
    ? unknownKey(signingName)
    : new AwsError(
        'InvalidSignatureException',
        'The request signature we calculated does not match the signature you provided.',
        403,
      );
}

function unknownKey(signingName: SigningName): AwsError {
  return signingName === 'ec2'
    ? new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials', 401)
    : new AwsError(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
        403,
      );
}

function describeCall(call: SignedCall, operation: string): Omit<RecordedCall, 'seq' | 'actions' | 'status'> {
  const { signature, identity, arrival } = call;
  return {
    ...arrival,
    service: signature.service,
    operation,
    account: identity?.account ?? '',
    region: signature.region,
    principal: identity?.principalArn ?? `unknown:${signature.accessKeyId}`,
  };
}

function outcome(answer: Proxied): { status: number; errorCode?: string } {
  const { status, errorCode } = answer;
  return { status, ...(errorCode === undefined ? {} : { errorCode }) };
}

function isCrash(fault: Fault | undefined, moment: 'before' | 'after'): boolean {
  return fault !== undefined && 'crash' in fault.effect && fault.effect.crash === moment;
}

function faultId(fault: Fault | undefined): { fault?: string } {
  return fault ? { fault: fault.id } : {};
}
