/** HMAC by KMS: signing and verifying are different permissions, held by different functions. */
export interface Mac {
  /** `keyId` names the key that signed; what another key has signed is refused. */
  generate(message: string): Promise<{ mac: string; keyId: string }>;
  verify(message: string, mac: string, keyId: string): Promise<boolean>;
}
