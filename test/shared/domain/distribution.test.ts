import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SHARED_COPY_KEY, TAGS } from '../../../shared/domain/base/naming.ts';
import { DefinitionSchema } from '../../../shared/domain/definitions/definition.ts';
import { copyName, copyTags, pauseSeconds } from '../../../shared/domain/distribution/copies.ts';
import { listTransfers } from '../../../shared/domain/distribution/plan.ts';
import { COPYING } from '../../../shared/domain/distribution/quotas.ts';
import {
  copiesResource,
  listTargets,
  parseCopiesResource,
} from '../../../shared/domain/distribution/targets.ts';
import { findDefects } from '../../../shared/domain/distribution/verification.ts';
import { TargetRecordSchema } from '../../../shared/domain/records/distributions.ts';

const HOME = { account: '111122223333', region: 'eu-west-1' };
const definition = (targets: readonly object[]) =>
  DefinitionSchema.parse({
    apiVersion: 'ovenbird.dev/v1',
    name: 'web',
    base: { ami: 'ami-0f3c9a1b2d4e5f678' },
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    distribution: { targets },
  });
const row = (changes: object) =>
  TargetRecordSchema.parse({
    bake: '01JTEST0000000000000000BAK',
    attempt: 1,
    account: '444455556666',
    region: 'eu-west-1',
    variant: 'x86-64',
    mode: 'copy',
    required: true,
    state: 'planned',
    ...changes,
  });

describe('the rows of a plan', () => {
  it('are one for each account and region, with the parameter that the definition names', () => {
    const targets = listTargets(
      definition([{ account: '444455556666', regions: ['us-east-1', 'eu-west-1'] }]),
    );
    const rows = listTransfers({ targets, home: HOME });

    expect(rows.map(({ region, parameter }) => `${region} ${parameter}`)).toEqual([
      'eu-west-1 /ovenbird/web/stable',
      'us-east-1 /ovenbird/web/stable',
    ]);
  });

  it('have one shared copy in each region that is shared outside of the home region', () => {
    const targets = listTargets(
      definition([
        { account: '444455556666', regions: ['us-east-1', 'eu-west-1'], mode: 'share', required: false },
        { account: '777788889999', regions: ['us-east-1'], mode: 'share' },
      ]),
    );
    const rows = listTransfers({ targets, home: HOME });

    expect(rows.filter((entry) => entry.sharedCopy)).toEqual([
      expect.objectContaining({
        account: HOME.account,
        region: 'us-east-1',
        key: SHARED_COPY_KEY,
        required: true,
      }),
    ]);
  });
});

describe('names and marks of a copy', () => {
  it('differ between attempts, and between a shared copy and a target of the same account', () => {
    const names = [row({}), row({ attempt: 2 }), row({ sharedCopy: true })].map((entry) =>
      copyName('web', entry),
    );

    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(128);
  });

  it('keep our facts whatever the definition asks for, and leave those of other services behind', () => {
    const tags = copyTags(
      { [TAGS.verdict]: 'passed', CreatedBy: 'EC2 Image Builder', 'aws:cloudformation:stack-name': 'x' },
      { team: 'shop', [TAGS.verdict]: 'forged', 'aws:x': 'y' },
      { bake: 'b', attempt: 2, pipeline: 'web', variant: 'x86-64' },
    );

    expect(tags).toEqual({
      Name: 'web x86-64',
      team: 'shop',
      [TAGS.verdict]: 'passed',
      [TAGS.managed]: 'true',
      [TAGS.bake]: 'b',
      [TAGS.attempt]: '2',
      [TAGS.pipeline]: 'web',
      [TAGS.variant]: 'x86-64',
    });
  });
});

describe('what is wrong with a copy', () => {
  const source = {
    artifact: {
      kind: 'ami' as const,
      account: '111122223333',
      region: 'eu-west-1',
      imageId: 'ami-1',
      snapshotIds: ['snap-1', 'snap-2'],
    },
    architecture: 'arm64',
    devices: ['/dev/xvda', '/dev/xvdb'],
    tags: {},
  };
  const snapshot = (device: string, changes: object = {}) => ({
    snapshotId: `snap-of-${device}`,
    device,
    encrypted: true,
    keyId: 'arn:key',
    ...changes,
  });
  const good = {
    imageId: 'ami-2',
    state: 'available',
    architecture: 'arm64',
    snapshots: [snapshot('/dev/xvda'), snapshot('/dev/xvdb')],
    tags: { team: 'shop' },
    deprecatedAt: '2026-05-01T00:00:00.000Z',
  } as const;
  const expected = {
    source,
    keyArn: 'arn:key',
    tags: { team: 'shop' },
    deprecateAt: '2026-05-01T00:00:20.000Z',
  };

  it('is nothing when it is as it must be', () => {
    expect(findDefects({ ...expected, seen: good })).toEqual([]);
  });

  it.each([
    ['a volume is missing', { snapshots: [snapshot('/dev/xvda')] }, /lacks the volume \/dev\/xvdb/],
    [
      'a snapshot is not encrypted',
      { snapshots: [snapshot('/dev/xvda', { encrypted: false }), snapshot('/dev/xvdb')] },
      /not encrypted/,
    ],
    [
      'another key encrypts it',
      { snapshots: [snapshot('/dev/xvda', { keyId: 'arn:other' }), snapshot('/dev/xvdb')] },
      /arn:other and not arn:key/,
    ],
    ['the architecture differs', { architecture: 'x86_64' }, /x86_64 and not arm64/],
    ['a tag is missing', { tags: {} }, /lacks the tag team/],
    ['the deprecation differs', { deprecatedAt: '2026-05-02T00:00:00.000Z' }, /not deprecated at/],
    ['it is not available', { state: 'pending' as const }, /is pending/],
  ])('is told when %s', (_, changes, message) => {
    expect(findDefects({ ...expected, seen: { ...good, ...changes } }).join()).toMatch(message);
  });
});

describe('small parts', () => {
  it('read a wait resource as it was written', () => {
    const ref = { bake: '01JTEST0000000000000000BAK', attempt: 12, region: 'ap-southeast-2' };

    expect(parseCopiesResource(copiesResource(ref))).toEqual(ref);
    expect(parseCopiesResource('nonsense')).toBeUndefined();
  });

  it('pause longer each time, but never beyond the longest pause', () => {
    fc.assert(
      fc.property(fc.nat(200), (count) => {
        expect(pauseSeconds(count)).toBeLessThanOrEqual(COPYING.longestPauseSeconds);
        expect(pauseSeconds(count + 1)).toBeGreaterThanOrEqual(pauseSeconds(count));
      }),
    );
  });
});
