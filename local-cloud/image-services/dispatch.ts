import {
  AwsError,
  type Call,
  type ImageService,
  type Permission,
  type SigningName,
  type World,
} from './service.ts';
import type { Wire, WireRequest, WireResponse } from './wire/wire.ts';

export interface DispatchRequest extends WireRequest {
  signingName: SigningName;
  call: Call;
}

/** The response, and what the gateway records of the call. */
export interface DispatchResult extends WireResponse {
  operation: string;
  actions: Permission[];
  errorCode?: string;
}

export interface Dispatcher {
  dispatch(request: DispatchRequest): Promise<DispatchResult>;
  /** Name of the operation that a request is for, e.g. to match faults before it is carried out. */
  readOperation(request: WireRequest & { signingName: SigningName }): string | undefined;
  /** An error in the shape of the service's protocol, e.g. for an injected fault. */
  errorResponse(signingName: SigningName, error: AwsError, requestId: string): WireResponse;
}

export function createDispatcher(
  world: World,
  services: Record<SigningName, ImageService>,
  wires: Record<SigningName, Wire>,
): Dispatcher {
  async function answer(
    request: DispatchRequest,
    operation: string | undefined,
    actions: Permission[],
  ): Promise<WireResponse> {
    const { call, signingName } = request;
    const service = services[signingName];
    const wire = wires[signingName];
    if (operation === undefined) throw unknownOperation(signingName);
    const run = Object.hasOwn(service.operations, operation) ? service.operations[operation] : undefined;
    if (run === undefined) throw notImplemented(signingName, operation);
    const input = wire.decode(operation, request);
    actions.push(...(await service.permissions(operation, input, call)));
    for (const permission of actions) {
      const { allowed, message } = await world.authorize(
        call,
        permission.action,
        permission.resource,
        permission.context ?? {},
      );
      if (!allowed) throw denied(signingName, message);
    }
    // A dry run ends after the permission check, and its success is an error. [M:ec2 CopyImageRequest.DryRun]
    if (signingName === 'ec2' && input.DryRun === true) {
      throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    }
    return wire.encode(operation, await run(input, call), call.requestId);
  }

  return {
    readOperation: (request) => wires[request.signingName].readOperation(request),
    errorResponse: (signingName, error, requestId) => wires[signingName].encodeError(error, requestId),
    async dispatch(request) {
      const operation = wires[request.signingName].readOperation(request);
      const actions: Permission[] = [];
      try {
        const response = await answer(request, operation, actions);
        return { ...response, operation: operation ?? 'Unknown', actions };
      } catch (thrown) {
        const error = thrown instanceof AwsError ? thrown : internalError(thrown);
        const response = wires[request.signingName].encodeError(error, request.call.requestId);
        return { ...response, operation: operation ?? 'Unknown', actions, errorCode: error.code };
      }
    },
  };
}

function unknownOperation(signingName: SigningName): AwsError {
  switch (signingName) {
    case 'ec2':
      return new AwsError('InvalidAction', 'The action is not valid for this web service.');
    case 'imagebuilder':
    case 'inspector2':
      return new AwsError('UnknownOperationException', 'Unknown operation', 404);
    case 'ssm':
      return new AwsError('UnknownOperationException', 'Unknown operation');
  }
}

function notImplemented(signingName: SigningName, operation: string): AwsError {
  return new AwsError(
    'NotImplementedByLocalCloud',
    `${signingName}:${operation} is not part of the local cloud. Add it to local-cloud/image-services/${signingName}, or run this against AWS.`,
    501,
  );
}

function denied(signingName: SigningName, message: string): AwsError {
  switch (signingName) {
    case 'ec2':
      return new AwsError(
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. ${message}`,
        403,
      );
    case 'imagebuilder':
    case 'inspector2':
      return new AwsError('AccessDeniedException', message, 403);
    case 'ssm':
      return new AwsError('AccessDeniedException', message, 400);
  }
}

function internalError(thrown: unknown): AwsError {
  console.error('image services: an operation failed unexpectedly', thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new AwsError('InternalError', `The local cloud failed to carry out the request: ${text}`, 500);
}
