import { GenerateMacCommand, KMSClient, KMSInvalidMacException, VerifyMacCommand } from '@aws-sdk/client-kms';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { kmsMac } from '../../../shared/adapters/kms-mac.ts';

const kms = mockClient(KMSClient);
const mac = kmsMac(new KMSClient({}), 'new');
beforeEach(() => {
  kms.reset();
});

describe('kmsMac', () => {
  it('signs, in a form that stands in a link as it is', async () => {
    kms.on(GenerateMacCommand).resolves({ Mac: Buffer.from([251, 255, 254]) });

    expect(await mac.generate('text')).toEqual({ mac: '-__-', keyId: 'new' });
    expect(kms.commandCalls(GenerateMacCommand)[0]?.args[0].input).toMatchObject({
      KeyId: 'new',
      MacAlgorithm: 'HMAC_SHA_256',
    });
  });

  it('checks with the key that signed', async () => {
    kms.on(VerifyMacCommand, { KeyId: 'new' }).resolves({ MacValid: true });

    expect(await mac.verify('text', '-__-', 'new')).toBe(true);
    expect(kms.commandCalls(VerifyMacCommand)[0]?.args[0].input.Mac).toEqual(Buffer.from([251, 255, 254]));
  });

  it('takes a wrong signature, which KMS throws, for a no', async () => {
    kms.on(VerifyMacCommand).rejects(new KMSInvalidMacException({ message: '', $metadata: {} }));

    expect(await mac.verify('text', '-__-', 'new')).toBe(false);
  });

  it('makes no call about a key that it does not know', async () => {
    expect(await mac.verify('text', '-__-', 'arn:aws:kms:eu-west-1:666666666666:key/mine')).toBe(false);
    expect(kms.calls()).toHaveLength(0);
  });

  it('has throttling tried again later', async () => {
    kms.on(VerifyMacCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' }));

    await expect(mac.verify('text', '-__-', 'new')).rejects.toMatchObject({ name: 'TryLater' });
  });
});
