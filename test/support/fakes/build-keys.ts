import type { KeyFacts } from '../../../shared/domain/keys/image-keys.ts';
import { KeyPolicySchema } from '../../../shared/domain/keys/key-policy.ts';
import type { BuildKeys, DefaultBuildKey } from '../../../shared/ports/build-keys.ts';

export interface FakeBuildKeys extends BuildKeys {
  /** What builds get whose definition names no key. */
  byDefault: DefaultBuildKey | undefined;
  /** By alias or ARN. */
  readonly keys: Map<string, KeyFacts>;
}

export function fakeBuildKeys(): FakeBuildKeys {
  const fake: FakeBuildKeys = {
    byDefault: undefined,
    keys: new Map(),
    readDefault: async () => fake.byDefault,
    describe: async (key) => fake.keys.get(key),
  };
  return fake;
}

export const ACCOUNT_STATEMENT = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:root' },
  Action: 'kms:*',
  Resource: '*',
};

/** A key of the control account with these statements besides the one that leaves it to IAM policies there. */
export function customerKey(arn: string, statements: readonly unknown[] = []): KeyFacts {
  return {
    arn,
    keyId: arn.split('/')[1] ?? '',
    managedBy: 'CUSTOMER',
    state: 'Enabled',
    spec: 'SYMMETRIC_DEFAULT',
    policy: KeyPolicySchema.parse({ Statement: [ACCOUNT_STATEMENT, ...statements] }),
  };
}
