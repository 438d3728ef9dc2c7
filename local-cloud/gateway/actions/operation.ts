import type { IncomingHttpHeaders } from 'node:http';

/** A request as far as its operation and its resource can be told from it. */
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
