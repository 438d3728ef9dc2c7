import { describe, expect, it } from '@jest/globals';
import {
  inferFormatFromPlatform,
  isBelowMinimum,
  listIndexWrites,
  selectNewestFixes,
  toPackageList,
} from '../../../shared/domain/packages/vulnerabilities.ts';

const list = (packages: Record<string, string>) =>
  toPackageList([Object.entries(packages).map(([name, version]) => ({ name, version }))]);

describe('An inventory', () => {
  it.each([
    [{ glibc: '2.34', bash: '5' }, 'rpm'],
    [{ libc6: '2.35', bash: '5' }, 'apt'],
    [{ bash: '5' }, undefined],
    [{ glibc: '2.34', libc6: '2.35' }, undefined],
  ] as const)('tells its package manager by its C library: %j', (packages, format) => {
    expect(list(packages).format).toBe(format);
  });

  it('keeps every version of a package once, of all variants and architectures', () => {
    const { versions } = toPackageList([
      [
        { name: 'kernel', version: '6.1-1' },
        { name: 'kernel', version: '6.1-2' },
        { name: 'libssl3:amd64', version: '3' },
      ],
      [
        { name: 'kernel', version: '6.1-1' },
        { name: 'libssl3:arm64', version: '3' },
      ],
    ]);

    expect([...versions]).toEqual([
      ['kernel', ['6.1-1', '6.1-2']],
      ['libssl3', ['3']],
    ]);
  });
});

describe('A platform', () => {
  it.each([
    ['AMAZON_LINUX_2023', 'rpm'],
    ['RHEL_9', 'rpm'],
    ['UBUNTU_22_04', 'apt'],
    ['DEBIAN_12', 'apt'],
    ['WINDOWS_SERVER_2022', undefined],
    ['ALPINE_LINUX_3_18', undefined],
    [undefined, undefined],
  ])('%s has the packages of %s', (platform, format) => {
    expect(inferFormatFromPlatform(platform)).toBe(format);
  });
});

describe('A package', () => {
  it('is below the fix where any of its versions is', () => {
    const wanted = { format: 'rpm', version: '6.1-2' } as const;

    expect(isBelowMinimum({ versions: ['6.1-2', '6.1-1'] }, wanted)).toBe(true);
    expect(isBelowMinimum({ versions: ['6.1-2'] }, wanted)).toBe(false);
  });

  it('whose inventory says no epoch is compared without one by RPM, which may leave it out', () => {
    expect(isBelowMinimum({ versions: ['3.0.8-2'] }, { format: 'rpm', version: '1:3.0.8-2' })).toBe(false);
    expect(isBelowMinimum({ versions: ['3.0.8-2'] }, { format: 'apt', version: '1:3.0.8-2' })).toBe(true);
    expect(isBelowMinimum({ versions: ['0:9-1'] }, { format: 'rpm', version: '1:3.0.8-2' })).toBe(true);
  });

  it('that several findings name is asked for in the newest of their fixes, for each package manager', () => {
    const fix = (format: 'apt' | 'rpm', fixed: string) => ({
      name: 'openssl',
      format,
      installed: '1',
      fixed,
    });

    const newest = selectNewestFixes([fix('rpm', '3.0.10'), fix('rpm', '3.0.9'), fix('apt', '3.0.2')]);

    expect(newest.map(({ format, fixed }) => `${format} ${fixed}`)).toEqual(['rpm 3.0.10', 'apt 3.0.2']);
  });
});

describe('The index', () => {
  const [before, now] = [list({ a: '1', b: '1', c: '1' }), list({ a: '1', b: '2', d: '1' })];

  it('is only touched where something changed since the inventory that stands in it', () => {
    expect(listIndexWrites([before], now, before)).toEqual([
      { kind: 'put', name: 'b', versions: ['2'] },
      { kind: 'delete', name: 'c' },
      { kind: 'put', name: 'd', versions: ['1'] },
    ]);
  });

  it('is written anew where several inventories may stand in it', () => {
    expect(
      listIndexWrites([before, list({ e: '1' })], now, undefined).map(({ kind, name }) => `${kind} ${name}`),
    ).toEqual(['put a', 'put b', 'delete c', 'put d', 'delete e']);
  });
});
