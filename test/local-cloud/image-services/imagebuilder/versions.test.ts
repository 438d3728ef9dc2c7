import { describe, expect, it } from '@jest/globals';
import {
  compareBuilds,
  formatVersion,
  newest,
  nextVersion,
  parsePattern,
  parseVersion,
} from '../../../../local-cloud/image-services/imagebuilder/versions.ts';

const built = (text: string) => {
  const [version = '', build = '1'] = text.split('/');
  return { version: parseVersion(version), build: Number(build) };
};
const shown = (record: ReturnType<typeof built> | undefined) =>
  record === undefined ? undefined : `${formatVersion(record.version)}/${record.build}`;

describe('semantic versions of Image Builder', () => {
  // The example of the user guide's page on semantic versioning.
  it.each([
    ['x.x.x', '2.2.4/1'],
    ['1.x.x', '1.7.8/1'],
    ['1.6.x', '1.6.8/1'],
    ['3.x.x', undefined],
  ])('resolves %s to the newest match', (pattern, expected) => {
    const records = ['1.7.8', '2.2.4', '1.6.8'].map(built);
    expect(shown(newest(records, parsePattern(pattern)))).toBe(expected);
  });

  it('orders by numbers and lets the build decide last', () => {
    const records = ['1.10.0/1', '1.9.0/12', '1.10.0/3', '1.2.4/1'].map(built).sort(compareBuilds);
    expect(records.map(shown)).toEqual(['1.2.4/1', '1.9.0/12', '1.10.0/1', '1.10.0/3']);
  });

  it('reads leading zeros as numbers', () => {
    expect(formatVersion(parseVersion('2021.01.01'))).toBe('2021.1.1');
  });

  it.each(['x.2.x', '1.x.8', '1.2', '1.2.3.4', '1.2.1073741824', 'v1.2.3'])('refuses %s', (text) => {
    expect(() => parsePattern(text)).toThrow(
      expect.objectContaining({ code: 'InvalidVersionNumberException' }),
    );
  });

  it('counts up the leftmost wildcard of a new recipe version', () => {
    const existing = ['1.0.1', '1.0.2', '1.3.0'].map(parseVersion);
    expect(nextVersion(parsePattern('1.0.x'), existing)).toEqual([1, 0, 3]);
    expect(nextVersion(parsePattern('1.x.x'), existing)).toEqual([1, 4, 0]);
    expect(nextVersion(parsePattern('2.0.x'), existing)).toEqual([2, 0, 1]);
    expect(nextVersion(parsePattern('5.0.0'), existing)).toEqual([5, 0, 0]);
  });
});
