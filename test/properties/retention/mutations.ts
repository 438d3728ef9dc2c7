/** Faults to plant into the clean-up of releases, as those of the engine (engine/mutations.ts). */
import type { Mutation } from '../planting.ts';

const RETENTION = 'shared/domain/releases/retention.ts';
const CLEAN_UP = 'shared/use-cases/releases/clean-up-releases.ts';

export const RETENTION_MUTATIONS = {
  /** One kind of use is not asked about. */
  'forget-reference': {
    file: 'shared/domain/releases/references/registry.ts',
    find: 'child, account,',
    replace: 'child,',
  },
  /** What cannot be read counts as free. */
  'ignore-unread': {
    file: 'shared/domain/releases/references/registry.ts',
    find: 'launch, unread]',
    replace: 'launch, ...[unread].slice(1)]',
  },
  /** Young releases go with the old ones. */
  'forget-days': {
    file: RETENTION,
    find: 'filter(({ at }) => at <= since)',
    replace: 'filter(() => since !== "")',
  },
  /** The mark is the end. */
  'remove-at-once': {
    file: RETENTION,
    find: 'const MARKED_MS = 2 * DAY_MS;',
    replace: 'const MARKED_MS = DAY_MS;',
  },
  /** An image is removed without a last look. */
  'no-second-look': {
    file: 'shared/use-cases/releases/remove-release.ts',
    find: 'if (uses.length > 0)',
    replace: 'if (uses.length < 0)',
  },
  /** What stopped between the mark and the dates stays so. */
  'forget-dates': { file: CLEAN_UP, find: 'else await store.unretire(facts.artifact);', replace: '' },
} as const satisfies Readonly<Record<string, Mutation>>;
