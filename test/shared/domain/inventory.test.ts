import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { computeInventoryDigest, packagesDigest } from '../../../shared/domain/packages/inventory.ts';
import { digest } from '../../support/fakes/time-and-ids.ts';

const packages = fc.array(fc.record({ name: fc.string({ minLength: 1 }), version: fc.string() }), {
  minLength: 1,
});

describe('the digest of an inventory', () => {
  it('is the same for the same packages in any order', () => {
    fc.assert(
      fc.property(packages, (given) => {
        expect(packagesDigest(digest, [...given].reverse())).toBe(packagesDigest(digest, given));
      }),
    );
  });

  it('is another one when a version is', () => {
    const of = (version: string) => packagesDigest(digest, [{ name: 'bash', version }]);

    expect(of('5.2')).not.toBe(of('5.3'));
  });

  it('is unknown where nothing was collected, so that it is equal to no other', () => {
    expect(packagesDigest(digest, [])).toBeUndefined();
    expect(computeInventoryDigest(digest, [])).toBeUndefined();
    expect(
      computeInventoryDigest(digest, [{ variant: 'x86-64', inventoryDigest: 'a' }, { variant: 'arm64' }]),
    ).toBe(undefined);
  });

  it('is one for all variants, whatever their order', () => {
    const x86 = { variant: 'x86-64', inventoryDigest: 'a' };
    const arm = { variant: 'arm64', inventoryDigest: 'b' };

    expect(computeInventoryDigest(digest, [x86])).toBe('a');
    expect(computeInventoryDigest(digest, [x86, arm])).toBe(computeInventoryDigest(digest, [arm, x86]));
  });
});
