import { gzipSync, zstdCompressSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { resolvePackages } from '../../../shared/adapters/selectors/packages.ts';
import { createSelectorResolver } from '../../../shared/adapters/selectors/resolver.ts';
import { TryLater } from '../../../shared/domain/base/errors.ts';
import type { Selector } from '../../../shared/domain/selectors/selectors.ts';
import { aptIndex, REPOMD, rpmIndex } from '../../support/fakes/selector-aws.ts';

const FEED = 'https://feed.example.com/Packages';
const INDEX = aptIndex([{ name: 'openssl', version: '3.0.10-1' }]);
const FOUND = { found: true, version: 'openssl=3.0.10-1' };

type Pages = Readonly<Record<string, () => Response>>;

/** Asks for openssl in a web that has only these pages. */
function ask(pages: Pages, selector: Partial<Extract<Selector, { kind: 'packages' }>> = {}) {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (address) => {
    asked.push(String(address));
    const page = pages[String(address)];
    if (page === undefined)
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
      });
    return page();
  };
  const s3 = () => new S3Client({});
  const resolver = createSelectorResolver({
    packages: resolvePackages({ fetch, s3, limits: { megabytes: 12, unpacked: 2 } }),
  });
  const answer = resolver.resolve({
    kind: 'packages',
    feed: FEED,
    format: 'apt',
    names: ['openssl'],
    ...selector,
  });
  return { answer, asked };
}

const moved = (location: string) => () => new Response(null, { status: 302, headers: { location } });

describe('a package feed', () => {
  it.each([
    ['plain', INDEX],
    ['gzip', gzipSync(INDEX)],
    ['zstd', zstdCompressSync(INDEX)],
    ['lines of Windows', INDEX.replaceAll('\n', '\r\n')],
  ])('is read, whatever its server calls it: %s', async (_, body) => {
    expect(await ask({ [FEED]: () => new Response(body) }).answer).toMatchObject(FOUND);
  });

  it('is read to its last entry, however it is cut into pieces', async () => {
    const bytes = new TextEncoder().encode(
      `${aptIndex([{ name: 'zlib', version: '1' }])}\n${INDEX.trimEnd()}`,
    );
    const body = () =>
      new ReadableStream<Uint8Array>({
        start(stream) {
          for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
          stream.close();
        },
      });

    expect(await ask({ [FEED]: () => new Response(body()) }).answer).toMatchObject(FOUND);
  });

  it('of rpm packages leaves sources out and knows epochs', async () => {
    const feed = 'https://rpm.example.com/x86_64/';
    const binary = rpmIndex([{ name: 'openssl', version: '1:3.0.8-1' }]);
    const source = rpmIndex([{ name: 'openssl', version: '9:9.9-9' }]).replace('x86_64', 'src');
    const pages = {
      [`${feed}repodata/repomd.xml`]: () => new Response(REPOMD),
      [`${feed}repodata/0a1b-primary.xml.gz`]: () => new Response(gzipSync(binary + source)),
    };

    expect(await ask(pages, { feed, format: 'rpm' }).answer).toMatchObject({ version: 'openssl=1:3.0.8-1' });
  });

  it('may lead on within its host, and no further', async () => {
    const within = ask({
      [FEED]: moved('/new/Packages'),
      'https://feed.example.com/new/Packages': () => new Response(INDEX),
    });
    const away = ask({ [FEED]: moved('https://other.example.com/Packages') });
    const plain = ask({ [FEED]: moved('http://feed.example.com/Packages') });
    const round = ask({ [FEED]: moved('/Packages') });

    expect(await within.answer).toMatchObject(FOUND);
    expect(await away.answer).toMatchObject({
      found: false,
      reason: expect.stringContaining('other.example.com'),
    });
    expect(away.asked).toEqual([FEED]);
    expect((await plain.answer).found).toBe(false);
    expect((await round.answer).found).toBe(false);
  });

  it('whose list lies on another host is refused', async () => {
    const feed = 'https://rpm.example.com/x86_64';
    const elsewhere = REPOMD.replace('repodata/0a1b-primary', 'https://other.example.com/0a1b-primary');
    const { answer, asked } = ask(
      { [`${feed}/repodata/repomd.xml`]: () => new Response(elsewhere) },
      { feed, format: 'rpm' },
    );

    expect((await answer).found).toBe(false);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['is gone', () => new Response('', { status: 404 }), '404'],
    ['is no index', () => new Response('x'.repeat(1024)), 'no package named openssl'],
    ['is too large', () => new Response(Buffer.alloc(13 * 1024 * 1024)), 'MB'],
    ['is cut off', () => new Response(gzipSync(INDEX).subarray(0, 40)), 'damaged'],
    ['is packed with xz', () => new Response(Buffer.from('fd377a585a0000', 'hex')), 'xz'],
    ['unpacks to too much', () => new Response(gzipSync(Buffer.alloc(3 * 1024 * 1024))), 'larger than 2 MB'],
  ])('that %s says so', async (_, page, reason) => {
    expect(await ask({ [FEED]: page }).answer).toMatchObject({
      found: false,
      reason: expect.stringContaining(reason),
    });
  });

  it('whose host has no address says so, and one that is down is asked again', async () => {
    expect(await ask({}).answer).toMatchObject({
      found: false,
      reason: expect.stringContaining('ENOTFOUND'),
    });
    for (const status of [429, 500, 503])
      await expect(ask({ [FEED]: () => new Response('', { status }) }).answer).rejects.toThrow(TryLater);
    const reset = () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
    };
    await expect(ask({ [FEED]: reset }).answer).rejects.toThrow(TryLater);
  });
});
