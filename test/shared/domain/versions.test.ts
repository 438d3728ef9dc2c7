import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, isChange, parseBuildVersion } from '../../../shared/domain/selectors/versions.ts';

const TOPIC = 'arn:aws:imagebuilder:eu-west-1:111122223333:component/agents';
const node = fc.bigInt({ min: 0n, max: 2n ** 30n - 1n });
const version = fc
  .tuple(node, node, node, node)
  .map(([a, b, c, build]) => `${TOPIC}/${a}.${b}.${c}/${build}`);

describe('versions of Image Builder', () => {
  it('are ordered as the one number that AWS makes of them', () => {
    const number = (arn: string) =>
      (arn.match(/(\d+)\.(\d+)\.(\d+)\/(\d+)$/)?.slice(1) ?? []).reduce(
        (sum, part) => sum * 2n ** 30n + BigInt(part),
        0n,
      );
    fc.assert(
      fc.property(version, version, (one, other) => {
        const [left, right] = [parseBuildVersion(one), parseBuildVersion(other)];
        if (left === undefined || right === undefined) throw new Error('no version');
        const expected = number(one) === number(other) ? 0 : number(one) < number(other) ? -1 : 1;
        expect(compareVersions(left, right)).toBe(expected);
        expect(isChange('semver', one, other)).toBe(expected === -1);
      }),
    );
  });

  it('move only forward', () => {
    const at = (text: string) => `${TOPIC}/${text}`;
    expect(isChange('semver', undefined, at('1.0.0/1'))).toBe(true);
    expect(isChange('semver', at('1.9.0/1'), at('1.10.0/1'))).toBe(true);
    expect(isChange('semver', at('1.0.1/1'), at('1.0.0/9'))).toBe(false);
    expect(isChange('semver', at('1.0.0/1'), at('1.0.0/2'))).toBe(true);
  });

  it('are left alone where there is nothing to compare, and followed to another name', () => {
    expect(isChange('semver', `${TOPIC}/1.0.0/1`, `${TOPIC}/1.1.0`)).toBe(false);
    expect(isChange('semver', `${TOPIC}/1.0.0`, `${TOPIC}/1.0.0/1`)).toBe(true);
    expect(isChange('semver', `${TOPIC}/2.0.0/1`, `${TOPIC}-new/1.0.0/1`)).toBe(true);
  });
});
