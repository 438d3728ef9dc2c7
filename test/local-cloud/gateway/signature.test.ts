import { Sha256 } from '@aws-crypto/sha256-js';
import { describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { parseSignature, signatureIsValid } from '../../../local-cloud/gateway/signature.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'a secret', sessionToken: 'a token' };
const query = { 'x y': 'a+b/ü', list: ['1', '2'] };

async function sign(path: string, body: string) {
  const signer = new SignatureV4({
    credentials,
    region: 'eu-west-1',
    service: 'imagebuilder',
    sha256: Sha256,
  });
  const signed = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: 4566,
    path,
    query,
    headers: { host: '127.0.0.1:4566', 'content-type': 'application/json' },
    body,
  });
  const text = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  const headers = Object.fromEntries(
    Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { method: 'POST', url: `${path}?${text.join('&')}`, headers, body: Buffer.from(body) };
}

describe('the signature of a request', () => {
  it('names key, region and service', async () => {
    const { url, headers } = await sign('/GetImage', '{}');

    expect(parseSignature(url, headers)).toMatchObject({
      accessKeyId: 'ASIAEXAMPLE',
      region: 'eu-west-1',
      service: 'imagebuilder',
      sessionToken: 'a token',
    });
  });

  it('holds for what was signed with the secret of the key', async () => {
    for (const path of ['/GetImage', '/tags/arn%3Aaws%3Aimagebuilder', '/']) {
      const request = await sign(path, '{"a":1}');
      const signature = parseSignature(request.url, request.headers);

      expect(signature && signatureIsValid(request, signature, credentials.secretAccessKey)).toBe(true);
    }
  });

  it('does not hold with another secret, body, path or header', async () => {
    const request = await sign('/GetImage', '{"a":1}');
    const signature = parseSignature(request.url, request.headers);
    if (!signature) throw new Error('The request is not signed.');
    const { secretAccessKey } = credentials;

    expect(signatureIsValid(request, signature, 'another secret')).toBe(false);
    expect(signatureIsValid({ ...request, body: Buffer.from('{"a":2}') }, signature, secretAccessKey)).toBe(
      false,
    );
    expect(signatureIsValid({ ...request, url: '/ListImages' }, signature, secretAccessKey)).toBe(false);
    const headers = { ...request.headers, host: 'elsewhere' };
    expect(signatureIsValid({ ...request, headers }, signature, secretAccessKey)).toBe(false);
  });

  it('is not found where there is none', () => {
    expect(parseSignature('/_aws/execute-api/x', {})).toBeUndefined();
    expect(parseSignature('/', { authorization: 'Bearer x' })).toBeUndefined();
  });
});
