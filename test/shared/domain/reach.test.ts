import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { imageName } from '../../../shared/domain/base/naming.ts';
import {
  couldMatchOwnNames,
  globsOverlap,
  parseBakeFromName,
} from '../../../shared/domain/definitions/reach.ts';
import { copyName } from '../../../shared/domain/distribution/copies.ts';

const glob = fc.array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 6 }).map((parts) => parts.join(''));
const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text);

/** Every text over two letters up to a length. */
function textsUpTo(length: number): string[] {
  if (length === 0) return [''];
  const shorter = textsUpTo(length - 1);
  return [...new Set([...shorter, ...shorter.flatMap((text) => [`${text}a`, `${text}b`])])];
}
const TEXTS = textsUpTo(9);

describe('filters of lookups', () => {
  it('overlap exactly when there is a name that both find', () => {
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        const common = TEXTS.some((text) => matches(a, text) && matches(b, text));
        expect(globsOverlap(a, b)).toBe(common);
        expect(globsOverlap(b, a)).toBe(common);
      }),
    );
  });

  it.each([
    '*',
    'ovenbird-*',
    '*-stable',
    'o?enbird-web-*',
    '???????????????',
    '*linux*',
    'ovenbird-web-x86-64-1',
  ])('could find what we make: %s', (filter) => expect(couldMatchOwnNames(filter)).toBe(true));

  it.each(['al2023-ami-*', 'ovenbird', 'Ovenbird-*', 'oven?ird', '\\*', 'corp-*-x86_64'])(
    'could not: %s',
    (filter) => expect(couldMatchOwnNames(filter)).toBe(false),
  );
});

describe('a name that we give', () => {
  const bake = '01JTEST0000000000000000BAK';

  it('says which bake it is of, and other names do not', () => {
    expect(parseBakeFromName(imageName('web', bake, 'x86-64'))).toBe(bake);
    for (const [sharedCopy, attempt] of [
      [false, 1],
      [true, 1],
      [true, 2],
      [false, 3],
    ] as const)
      expect(
        parseBakeFromName(copyName('web', { bake, variant: 'x86-64', sharedCopy, attempt } as never)),
      ).toBe(bake);
    expect(['al2023-ami', 'ovenbird-web', `copy of ovenbird-web-${bake}`].map(parseBakeFromName)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
