/**
 * Files of a package feed, over https from the declared host alone, or from a bucket. A feed is not ours: what it may send, and for how long,
 * is limited.
 */
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { TryLater } from '../../domain/base/errors.ts';
import { errorName } from '../aws-error-classes.ts';

export interface FeedAccess {
  readonly fetch: typeof globalThis.fetch;
  readonly s3: () => S3Client;
  readonly limits?: { readonly megabytes: number; readonly unpacked: number };
}

/** A feed that cannot be used as it is; asking again does not help. */
export class FeedUnusable extends Error {
  override readonly name = 'FeedUnusable';
}

const MB = 1024 * 1024;
/** The largest indexes of distributions have some 20 MB, and 150 MB unpacked. */
const DEFAULT_LIMITS = { megabytes: 64, unpacked: 512 };
/** nodejs.org/api/zlib: "Error codes", such as Z_BUF_ERROR and ZSTD_error_prefix_unknown. */
const ZlibErrorSchema = z.object({ code: z.string().startsWith('Z'), message: z.string() });
const MAX_REDIRECTS = 3;

/** The text of a file, unpacked where it is packed. */
export async function* readFeed(
  access: FeedAccess,
  address: URL,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { megabytes, unpacked: unpackedMegabytes } = access.limits ?? DEFAULT_LIMITS;
  const bytes = limitSize(await openFeed(access, address, signal), megabytes, address);
  const decoder = new TextDecoder();
  try {
    for await (const chunk of limitSize(await unpackIfPacked(bytes, address), unpackedMegabytes, address)) {
      // Reading may take longer than fetching.
      if (signal.aborted) throw new TryLater(`${address} took too long to read`);
      yield decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    const { data } = ZlibErrorSchema.safeParse(error);
    throw data === undefined ? error : new FeedUnusable(`${address} is damaged: ${data.message}`);
  }
}

type Bytes = AsyncIterable<Uint8Array>;

async function openFeed(access: FeedAccess, address: URL, signal: AbortSignal): Promise<Bytes> {
  if (address.protocol === 's3:') return openObject(access, address, signal);
  let from = address;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const answer = await fetchOnce(access, from, signal);
    const to = answer.headers.get('location');
    if (answer.status >= 300 && answer.status < 400 && to !== null) {
      from = requireSameHost(new URL(to, from), address);
      continue;
    }
    if (answer.ok && answer.body !== null) return answer.body;
    if (answer.status === 429 || answer.status >= 500)
      throw new TryLater(`${from} answered ${answer.status}`);
    throw new FeedUnusable(`${from} answered ${answer.status}`);
  }
  throw new FeedUnusable(`${address} leads from one address to the next without an end`);
}

/** A redirect may not lead to another host than the declared one. */
export function requireSameHost(address: URL, declared: URL): URL {
  if (address.protocol === declared.protocol && address.host === declared.host) return address;
  throw new FeedUnusable(
    `${declared} leads to ${address.protocol}//${address.host}; write that address as the feed if you trust it`,
  );
}

/** What does not pass by itself: a name that is none, a certificate that does not fit. */
const PERMANENT_ERRORS =
  /^(?:ENOTFOUND|ERR_INVALID_URL|ERR_TLS_\w+|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/;

async function fetchOnce({ fetch }: FeedAccess, address: URL, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, { redirect: 'manual', signal });
  } catch (error) {
    if (signal.aborted) throw new TryLater(`${address} did not answer in time`, {}, { cause: error });
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : errorName(error);
    if (PERMANENT_ERRORS.test(code)) throw new FeedUnusable(`${address.host} cannot be reached: ${code}`);
    throw new TryLater(`${address.host} cannot be reached: ${code}`, {}, { cause: error });
  }
}

async function openObject({ s3 }: FeedAccess, address: URL, signal: AbortSignal): Promise<Bytes> {
  const Key = decodeURIComponent(address.pathname.slice(1));
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: address.host, Key }), {
    abortSignal: signal,
  });
  if (Body instanceof Readable) return Body;
  throw new FeedUnusable(`${address} is empty`);
}

/** By its first bytes: servers differ in what they call a packed file. */
async function unpackIfPacked(bytes: Bytes, address: URL): Promise<Bytes> {
  const rest = bytes[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.byteLength < 6) {
    const { done, value } = await rest.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const whole = Readable.from(prependBytes(head, rest));
  const magic = head.toString('hex');
  if (magic.startsWith('1f8b')) return pipeThrough(whole, createGunzip());
  if (magic.startsWith('28b52ffd')) return pipeThrough(whole, createZstdDecompress());
  if (magic.startsWith('fd377a58') || magic.startsWith('425a68'))
    throw new FeedUnusable(
      `${address} is packed with xz or bzip2; name the plain file, or the one that ends in .gz`,
    );
  return whole;
}

/** As `pipe`, but a fault of the source is a fault of the result. */
function pipeThrough(
  source: Readable,
  unpack: NodeJS.ReadWriteStream & { destroy(error?: Error): unknown },
): Bytes {
  source.on('error', (error) => unpack.destroy(error));
  source.pipe(unpack);
  return unpack as AsyncIterable<Uint8Array>;
}

async function* prependBytes(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* limitSize(bytes: Bytes, megabytes: number, address: URL): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.byteLength;
    if (seen > megabytes * MB) throw new FeedUnusable(`${address} is larger than ${megabytes} MB`);
    yield chunk;
  }
}
