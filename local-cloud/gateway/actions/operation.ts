import type { IncomingHttpHeaders } from 'node:http';

/** The parts of a request that its operation and resource follow from. */
export interface ServiceRequest {
  service: string;
  method: string;
  /** Path without query, still percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Empty when the body is streamed (S3, Lambda, API Gateway). */
  body: Buffer;
}

export interface Operation {
  name: string;
  /** Members of the request as far as they are known, with their SDK names. */
  input: Record<string, unknown>;
}

export interface Scope {
  account: string;
  region: string;
}
