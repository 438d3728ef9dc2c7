import type { AwsError, Protocol, Shape } from '../service.ts';

export interface WireRequest {
  method: string;
  /** Path without the query, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  /** Header names in lower case. */
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface WireResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** One protocol, from the server's side, over the schemas of one SDK package. */
export interface Wire {
  readonly protocol: Protocol;
  /** Name of the operation, whether or not it is implemented; `undefined` when the service has none such. */
  readOperation(request: WireRequest): string | undefined;
  /** Throws the service's own validation error when a parameter is unknown, missing or of the wrong type. */
  decode(operation: string, request: WireRequest): Shape;
  encode(operation: string, output: Shape, requestId: string): WireResponse;
  encodeError(error: AwsError, requestId: string): WireResponse;
}
