import type { Identity, Launcher } from './launcher-client.ts';

export interface Identities {
  /** The principal of the access key; undefined for an unknown key. */
  of(accessKeyId: string): Promise<Identity | undefined>;
}

const rootKey = /^\d{12}$/;
// User keys can be deleted and sessions expire; a minute is short enough to notice and long enough to be quick.
const keptMs = 60_000;

export function isRootKey(accessKeyId: string): boolean {
  return rootKey.test(accessKeyId);
}

/** Asks the launcher once per key and minute. A key of twelve digits is root of that account, as in MiniStack. */
export function createIdentities(
  launcher: Pick<Launcher, 'identity'>,
  now: () => number = Date.now,
): Identities {
  const known = new Map<string, { identity: Identity; until: number }>();
  return {
    async of(accessKeyId) {
      if (isRootKey(accessKeyId)) {
        return { principalArn: `arn:aws:iam::${accessKeyId}:root`, account: accessKeyId, type: 'Root' };
      }
      const kept = known.get(accessKeyId);
      if (kept && kept.until > now()) return kept.identity;
      const identity = await launcher.identity(accessKeyId);
      if (identity) {
        const expiry =
          identity.expiration === undefined ? Number.POSITIVE_INFINITY : identity.expiration * 1000;
        known.set(accessKeyId, { identity, until: Math.min(now() + keptMs, expiry) });
      }
      return identity;
    },
  };
}
