import { describe, expect, it } from '@jest/globals';
import type { ChangeRecord, SelectorRecord } from '../../../shared/domain/records/selectors.ts';
import {
  type Found,
  isStillGood,
  type Memory,
  remember,
} from '../../../shared/use-cases/noticing/notice-ahead.ts';

const ASKED = new Date('2026-03-01T12:00:00.000Z');
const ago = (ms: number) => new Date(ASKED.getTime() - ms).toISOString();
const KEY = 'ssm:eu-west-1:/base';

function found(row: Partial<SelectorRecord>, pipelines: readonly string[] = ['web']): Found[] {
  return [
    {
      row: {
        key: KEY,
        topic: KEY,
        selector: { kind: 'ssm', name: '/base', region: 'eu-west-1' },
        version: 'ami-11111111',
        ...row,
      },
      users: {
        users: pipelines.map((pipeline) => ({ selector: KEY, pipeline, debounceSeconds: 0 })),
        cursor: undefined,
      },
    },
  ];
}

function move(id: string): ChangeRecord {
  return {
    id,
    selector: KEY,
    to: 'ami-22222222',
    at: ago(100),
    cause: id,
    causes: [],
    follows: [],
    fanOut: 'done',
  };
}

function recalled(read: readonly Found[], moves: readonly ChangeRecord[] = []): readonly Found[] {
  const memory: Memory = new Map();
  remember(memory, KEY, { found: read, listing: { at: 0 } }, { moves });
  return memory.get(KEY)?.found ?? [];
}

describe('what was asked for ahead', () => {
  const first = found({ change: 'change-1', since: ago(60_000) });

  it('is used when nothing has moved since it was remembered', () => {
    expect(isStillGood(recalled(first), first, ASKED)).toBe(true);
  });

  it('is used right after a move that this instance has recorded itself', () => {
    const now = found({ version: 'ami-22222222', change: 'change-2', since: ago(100) });

    expect(isStillGood(recalled(first, [move('change-2')]), now, ASKED)).toBe(true);
  });

  it('is thrown away when somebody else has moved the selector about then', () => {
    const now = found({ version: 'ami-33333333', change: 'change-3', since: ago(100) });

    expect(isStillGood(recalled(first, [move('change-2')]), now, ASKED)).toBe(false);
    expect(isStillGood(recalled(first), now, ASKED)).toBe(false);
  });

  it('is used when somebody else moved the selector well before', () => {
    const now = found({ version: 'ami-33333333', change: 'change-3', since: ago(1000) });

    expect(isStillGood(recalled(first), now, ASKED)).toBe(true);
  });

  it('is thrown away when other pipelines use the selector by now', () => {
    const now = found({ change: 'change-1', since: ago(60_000) }, ['web', 'api']);

    expect(isStillGood(recalled(first), now, ASKED)).toBe(false);
  });
});
