import { GenerateMacCommand, type KMSClient, VerifyMacCommand } from '@aws-sdk/client-kms';
import type { Mac } from '../ports/mac.ts';
import { callAws } from './aws-client.ts';
import { ignoreErrors } from './aws-errors.ts';

/** HMAC_SHA_256 by a KMS key whose material never leaves KMS (kms GenerateMac, VerifyMac; messages of at most 4096 bytes). */
const ALGORITHM = 'HMAC_SHA_256';

/** Signatures are base64url, so that they can stand in a link as they are. A key other than `keyId` that a link names verifies nothing. */
export function kmsMac(client: KMSClient, keyId: string): Mac {
  return {
    async generate(message) {
      const { Mac: mac } = await callAws(() =>
        client.send(
          new GenerateMacCommand({ KeyId: keyId, MacAlgorithm: ALGORITHM, Message: Buffer.from(message) }),
        ),
      );
      if (mac === undefined) throw new Error('KMS answered GenerateMac without a Mac.');
      return { mac: Buffer.from(mac).toString('base64url'), keyId };
    },

    async verify(message, mac, signedBy) {
      if (signedBy !== keyId) return false;
      const request = {
        KeyId: keyId,
        MacAlgorithm: ALGORITHM,
        Message: Buffer.from(message),
        Mac: Buffer.from(mac, 'base64url'),
      } as const;
      // A wrong signature is an exception, not an answer (kms VerifyMac, KMSInvalidMacException).
      const answer = await ignoreErrors(['KMSInvalidMacException'], () =>
        callAws(() => client.send(new VerifyMacCommand(request))),
      );
      return answer?.MacValid === true;
    },
  };
}
