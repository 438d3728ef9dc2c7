import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  comparePackageVersions,
  newestPackageVersion,
  type PackageFormat,
} from '../../../shared/domain/packages/versions.ts';

/** Oldest first. */
const ORDERED: Readonly<Record<PackageFormat, readonly (readonly string[])[]>> = {
  apt: [
    ['1.0~~', '1.0~~a', '1.0~', '1.0', '1.0a', '1.0+b1', '1.0.1'],
    ['9.9', '10.0', '1:0.1', '2:0'],
    ['3.0.11-1~deb12u1', '3.0.11-1~deb12u2', '3.0.11-1', '3.0.11-1+b1', '3.0.11-2'],
    ['1.2-3-4', '1.2-4-1', '1.2-10-1'],
    ['2.36-9', '2.36-9+deb12u4', '2.36-9+deb12u13'],
    ['1.18446744073709551615', '1.18446744073709551616'],
  ],
  rpm: [
    ['1.0~rc1-1', '1.0-1', '1.0^20260101-1', '1.0a-1', '1.0.1-1'],
    ['9.9-1', '10.0-1', '1:0.1-1'],
    ['3.0.8-1.amzn2023.0.1', '3.0.8-1.amzn2023.0.9', '3.0.8-1.amzn2023.0.10', '3.0.8-2.amzn2023'],
    ['1.el8-1', '1.9-1'],
    ['5.16.0', '5.16.0-1'],
    ['2.0a-1', '2.0.1-1'],
  ],
};

const EQUAL: Readonly<Record<PackageFormat, readonly (readonly [string, string])[]>> = {
  apt: [
    ['1.0', '0:1.0'],
    ['1.0', '1.0-0'],
    ['1.01', '1.1'],
  ],
  rpm: [
    ['1.0-1', '0:1.0-1'],
    ['1.01-1', '1.1-1'],
    ['2_0-1', '2.0-1'],
  ],
};

const FORMATS: readonly PackageFormat[] = ['apt', 'rpm'];

describe.each(FORMATS)('versions of %s packages', (format) => {
  const compare = (a: string, b: string) => comparePackageVersions(format, a, b);

  it('are ordered as the package manager orders them', () => {
    for (const list of ORDERED[format]) {
      const pairs = list.flatMap((older, index) =>
        list.slice(index + 1).map((newer) => [older, newer] as const),
      );
      expect(pairs.filter(([older, newer]) => compare(older, newer) !== -1)).toEqual([]);
    }
    expect(EQUAL[format].filter(([a, b]) => compare(a, b) !== 0)).toEqual([]);
  });

  const version = fc
    .array(fc.constantFrom('0', '1', '9', '10', '01', 'a', 'b', 'rc', '.', '+', '-', '~', '^', '2:'), {
      maxLength: 7,
    })
    .map((parts) => parts.join(''));

  it('have one order, whichever is asked first and however they are mixed', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compare(a, a)).toBe(0);
        expect(compare(a, b) + compare(b, a)).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('are newer when they count further, however large the number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 1n }), (low, more) => {
        expect(compare(`1.${low}-1`, `1.${low + more}-1`)).toBe(-1);
        expect(compare(`1.0-${low}`, `1.0-${low + more}`)).toBe(-1);
      }),
    );
  });

  it('have a newest one', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1 }), (versions) => {
        const newest = newestPackageVersion(format, versions) ?? '';
        expect(versions.filter((each) => compare(each, newest) > 0)).toEqual([]);
      }),
    );
    expect(newestPackageVersion(format, [])).toBeUndefined();
  });
});
