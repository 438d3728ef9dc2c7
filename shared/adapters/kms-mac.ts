import {
  GenerateMacCommand,
  type KMSClient,
  KMSInvalidMacException,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import type { Mac } from '../ports/mac.ts';
import { callAws } from './aws-client.ts';

/** HMAC_SHA_256 by a KMS key whose material never leaves KMS (kms GenerateMac, VerifyMac; messages of at most 4096 bytes). */
const ALGORITHM = 'HMAC_SHA_256';

export interface KmsMacOptions {
  readonly client: KMSClient;
  /** Id of the key that signs. */
  readonly keyId: string;
  /** Ids of earlier keys whose links are still good. A key that is named by a link but not here verifies nothing. */
  readonly earlierKeyIds?: readonly string[];
}

/** Signatures are base64url, so that they can stand in a link as they are. */
export function kmsMac({ client, keyId, earlierKeyIds = [] }: KmsMacOptions): Mac {
  const accepted = [keyId, ...earlierKeyIds];
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
      if (!accepted.includes(signedBy)) return false;
      try {
        const { MacValid: valid } = await callAws(() =>
          client.send(
            new VerifyMacCommand({
              KeyId: signedBy,
              MacAlgorithm: ALGORITHM,
              Message: Buffer.from(message),
              Mac: Buffer.from(mac, 'base64url'),
            }),
          ),
        );
        return valid === true;
      } catch (error) {
        // A wrong signature is an exception, not an answer (kms VerifyMac, KMSInvalidMacException).
        if (error instanceof KMSInvalidMacException) return false;
        throw error;
      }
    },
  };
}
