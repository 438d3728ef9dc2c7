import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Mac } from '../../../shared/ports/mac.ts';

/** HMAC with a key of its own; `keyId` names it as KMS would. */
export function fakeMac(keyId = '11111111-2222-3333-4444-555555555555', secret = 'test-secret'): Mac {
  const sign = (message: string) => createHmac('sha256', secret).update(message).digest('base64url');
  return {
    async generate(message) {
      return { mac: sign(message), keyId };
    },
    async verify(message, mac, signedBy) {
      if (signedBy !== keyId) return false;
      const expected = Buffer.from(sign(message));
      const given = Buffer.from(mac);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}
