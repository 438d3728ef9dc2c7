import type { ReleaseRecord } from '../../domain/records/releases.ts';
import type { WriteCondition } from '../../ports/table.ts';

/** Fails where the release was made current, kept, or taken a step towards its end since it was read. */
export function expectUnchanged({ at, cleanUp, keptBy }: ReleaseRecord): WriteCondition {
  return { equals: { at, cleanUp: cleanUp ?? null, keptBy: keptBy ?? null } };
}
