import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The parts of a Signature Version 4 request, from its Authorization header or its query string. */
export interface Signature {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  amzDate: string;
  /** Signed in the query string. */
  presigned: boolean;
  sessionToken?: string;
}

export interface SignedRequest {
  method: string;
  /** Path and query as sent. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const algorithm = 'AWS4-HMAC-SHA256';
const headerForm =
  /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)/;

/** Undefined for an unsigned request, and for one that is signed in another way. */
export function parseSignature(url: string, headers: IncomingHttpHeaders): Signature | undefined {
  const found = headerForm.exec(headers.authorization ?? '');
  if (found) {
    const [, credential = '', signedHeaders = '', signature = ''] = found;
    return withScope(credential, {
      signedHeaders: signedHeaders.split(';'),
      signature,
      amzDate: single(headers['x-amz-date']) ?? '',
      presigned: false,
      token: single(headers['x-amz-security-token']),
    });
  }
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('X-Amz-Credential')) return undefined;
  const query = new URLSearchParams(url.slice(at + 1));
  if (query.get('X-Amz-Algorithm') !== algorithm) return undefined;
  return withScope(query.get('X-Amz-Credential') ?? '', {
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    amzDate: query.get('X-Amz-Date') ?? '',
    presigned: true,
    token: query.get('X-Amz-Security-Token') ?? undefined,
  });
}

function withScope(
  credential: string,
  rest: Pick<Signature, 'signedHeaders' | 'signature' | 'amzDate' | 'presigned'> & {
    token: string | undefined;
  },
): Signature | undefined {
  const [accessKeyId, date, region, service] = credential.split('/');
  if (!accessKeyId || !date || !region || !service) return undefined;
  const { token, ...parts } = rest;
  return {
    accessKeyId,
    date,
    region,
    service,
    ...parts,
    ...(token === undefined ? {} : { sessionToken: token }),
  };
}

/** True when the request was signed with this secret. [D:IAM/reference_sigv-create-signed-request] */
export function signatureIsValid(
  request: SignedRequest,
  signature: Signature,
  secretAccessKey: string,
): boolean {
  const [path = '/', queryText = ''] = splitOnce(request.url, '?');
  const canonical = [
    request.method,
    canonicalPath(path),
    canonicalQuery(queryText),
    ...signature.signedHeaders.map((name) => `${name}:${headerValue(request.headers, name)}`),
    '',
    signature.signedHeaders.join(';'),
    payloadHash(request, signature),
  ].join('\n');
  const scope = `${signature.date}/${signature.region}/${signature.service}/aws4_request`;
  const toSign = [algorithm, signature.amzDate, scope, sha256(canonical)].join('\n');
  let key = hmac(`AWS4${secretAccessKey}`, signature.date);
  for (const part of [signature.region, signature.service, 'aws4_request']) key = hmac(key, part);
  const expected = hmac(key, toSign).toString('hex');
  return (
    expected.length === signature.signature.length &&
    timingSafeEqual(Buffer.from(expected), Buffer.from(signature.signature))
  );
}

/** Services other than S3 sign the path encoded once more than it is sent. */
function canonicalPath(path: string): string {
  return path
    .split('/')
    .map((segment) => encode(segment))
    .join('/');
}

function canonicalQuery(text: string): string {
  return text
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => {
      const [name = '', value = ''] = splitOnce(pair, '=');
      return `${encode(decodeURIComponent(name))}=${encode(decodeURIComponent(value.replaceAll('+', ' ')))}`;
    })
    .sort()
    .join('&');
}

function payloadHash(request: SignedRequest, signature: Signature): string {
  if (signature.presigned && request.method === 'GET') return sha256(request.body);
  return single(request.headers['x-amz-content-sha256']) === 'UNSIGNED-PAYLOAD'
    ? 'UNSIGNED-PAYLOAD'
    : sha256(request.body);
}

function headerValue(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text.trim().replace(/\s+/g, ' ');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
