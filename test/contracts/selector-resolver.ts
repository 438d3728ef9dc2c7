import { describe, expect, it } from '@jest/globals';
import { TryLater } from '../../shared/domain/base/errors.ts';
import type { ResolvedKind, Selector } from '../../shared/domain/selectors/selectors.ts';
import type { Resolution, SelectorResolver } from '../../shared/ports/selector-resolver.ts';

/** What selectors name, and ways to change it. A part that a harness lacks is not tested there. */
export interface SelectorFixtures {
  readonly account: string;
  readonly region: string;
  /** Each call makes a new version. */
  putParameter(name: string, value: string): Promise<void>;
  /** Of the newest version. */
  labelParameter(name: string, label: string): Promise<void>;
  deleteParameter(name: string): Promise<void>;
  publishComponent(name: string, version: string): Promise<void>;
  deprecateComponent?(name: string, version: string): Promise<void>;
  publishImage?(name: string, version: string, amiId: string): Promise<void>;
  /** In the order in which they were made. Answers the id. */
  publishAmi?(image: { name: string; architecture: 'x86_64' | 'arm64' }): Promise<string>;
  deprecateAmi?(id: string): Promise<void>;
  disableAmi?(id: string): Promise<void>;
  pushContainer?(repository: string, tag: string, digest: string): Promise<void>;
  makeBucket?(bucket: string, versioned: boolean): Promise<void>;
  upload?(bucket: string, key: string, content: string): Promise<void>;
  /** Answers the feed's address. */
  writeFeed?(
    format: 'apt' | 'rpm',
    packages: readonly { readonly name: string; readonly version: string }[],
  ): Promise<string>;
  /** AWS throttles every call for this kind, or none. */
  throttle?(kind: Selector['kind'] | undefined): Promise<void>;
}

export interface ResolverHarness {
  readonly resolver: SelectorResolver;
  readonly fixtures: SelectorFixtures;
}

interface Example {
  readonly selector: Selector;
  readonly version: string | RegExp;
}

/** Of each kind something that exists, and what it resolves to. A further kind does not compile without its own. */
const EXAMPLES: {
  readonly [Kind in ResolvedKind]: (fixtures: SelectorFixtures) => Promise<Example | undefined>;
} = {
  async ssm(fixtures) {
    await fixtures.putParameter('/contract/example', AMIS[0]);
    return {
      selector: { kind: 'ssm', name: '/contract/example', region: fixtures.region },
      version: AMIS[0],
    };
  },
  async component(fixtures) {
    await fixtures.publishComponent('example', '1.2.0');
    const arn = toArn(fixtures, 'component/example');
    return { selector: { kind: 'component', arn: `${arn}/1.x.x` }, version: `${arn}/1.2.0/1` };
  },
  async image(fixtures) {
    if (fixtures.publishImage === undefined) return undefined;
    await fixtures.publishImage('example', '1.2.0', AMIS[0]);
    const arn = toArn(fixtures, 'image/example');
    return { selector: { kind: 'image', arn: `${arn}/1.x.x` }, version: `${arn}/1.2.0/1` };
  },
  async ami({ publishAmi, region }) {
    const id = await publishAmi?.({ name: 'example-pinned', architecture: 'x86_64' });
    return id === undefined ? undefined : { selector: { kind: 'ami', id, region }, version: id };
  },
  async lookup({ publishAmi, account: owner, region }) {
    const version = await publishAmi?.({ name: 'example-newest', architecture: 'x86_64' });
    if (version === undefined) return undefined;
    const name = 'example-new*';
    return { selector: { kind: 'lookup', owner, name, architecture: 'x86_64', region }, version };
  },
  async container({ pushContainer, account, region }) {
    if (pushContainer === undefined) return undefined;
    const version = `sha256:${'c'.repeat(64)}`;
    await pushContainer('team/example', 'stable', version);
    const selector = {
      kind: 'container',
      account,
      region,
      repository: 'team/example',
      tag: 'stable',
    } as const;
    return { selector, version };
  },
  async source({ makeBucket, upload }) {
    if (makeBucket === undefined || upload === undefined) return undefined;
    await makeBucket('ovenbird-sources-example', true);
    await upload('ovenbird-sources-example', 'site.tar.gz', 'one');
    const selector = { kind: 'source', bucket: 'ovenbird-sources-example', object: 'site.tar.gz' } as const;
    return { selector, version: /./ };
  },
  async packages({ writeFeed }) {
    const feed = await writeFeed?.('apt', [{ name: 'example', version: '1.0-1' }]);
    if (feed === undefined) return undefined;
    const selector = { kind: 'packages', feed, format: 'apt', names: ['example'] } as const;
    return { selector: { ...selector, names: [...selector.names] }, version: 'example=1.0-1' };
  },
};

function toArn({ region, account }: SelectorFixtures, resource: string): string {
  return `arn:aws:imagebuilder:${region}:${account}:${resource}`;
}

const AMIS = ['ami-0aaaaaaaaaaaaaaa1', 'ami-0aaaaaaaaaaaaaaa2', 'ami-0aaaaaaaaaaaaaaa3'] as const;

const toVersion = (found: Resolution): string | undefined => (found.found ? found.version : undefined);

/** What every resolver must do. Names are the suite's own, so that one cloud serves it all. */
export function resolverContract(name: string, make: () => ResolverHarness | Promise<ResolverHarness>): void {
  describe(`${name} as a resolver of every kind`, () => {
    it.each(Object.entries(EXAMPLES))('resolves what exists: %s', async (_, publish) => {
      const { resolver, fixtures } = await make();
      const example = await publish(fixtures);
      if (example === undefined) return;

      const resolution = await resolver.resolve(example.selector);

      expect(resolution).toMatchObject({ found: true, detail: expect.any(Object) });
      const { version } = example;
      if (typeof version === 'string') expect(toVersion(resolution)).toBe(version);
      else expect(toVersion(resolution)).toMatch(version);
    });
  });

  describe(`${name} as a resolver of parameters`, () => {
    const ssm = ({ fixtures }: ResolverHarness, parameter: string, pin?: string): Selector => ({
      kind: 'ssm',
      name: parameter,
      region: fixtures.region,
      ...(pin === undefined ? {} : { pin }),
    });

    it('reads the newest value, and the one that a version or a label pins', async () => {
      const harness = await make();
      const { resolver, fixtures } = harness;
      await fixtures.putParameter('/contract/base', AMIS[0]);
      await fixtures.labelParameter('/contract/base', 'approved');
      await fixtures.putParameter('/contract/base', AMIS[1]);

      expect(await resolver.resolve(ssm(harness, '/contract/base'))).toEqual({
        found: true,
        version: AMIS[1],
        detail: { amiId: AMIS[1] },
      });
      expect(toVersion(await resolver.resolve(ssm(harness, '/contract/base', '1')))).toBe(AMIS[0]);
      expect(toVersion(await resolver.resolve(ssm(harness, '/contract/base', 'approved')))).toBe(AMIS[0]);

      await fixtures.labelParameter('/contract/base', 'approved');
      expect(toVersion(await resolver.resolve(ssm(harness, '/contract/base', 'approved')))).toBe(AMIS[1]);
    });

    it('finds nothing in a parameter that is gone, holds something else, or lacks the pinned version', async () => {
      const harness = await make();
      const { resolver, fixtures } = harness;
      await fixtures.putParameter('/contract/odd', 'blue');
      await fixtures.putParameter('/contract/gone', AMIS[0]);
      await fixtures.deleteParameter('/contract/gone');

      const found = await Promise.all(
        [
          ssm(harness, '/contract/odd'),
          ssm(harness, '/contract/gone'),
          ssm(harness, '/contract/odd', '7'),
          ssm(harness, '/contract/odd', 'approved'),
        ].map((selector) => resolver.resolve(selector)),
      );
      expect(found.map(({ found: is }) => is)).toEqual([false, false, false, false]);
    });

    it('asks to try again later while AWS throttles', async () => {
      const harness = await make();
      const { resolver, fixtures } = harness;
      if (fixtures.throttle === undefined) return;
      await fixtures.putParameter('/contract/busy', AMIS[0]);
      await fixtures.throttle('ssm');

      await expect(resolver.resolve(ssm(harness, '/contract/busy'))).rejects.toThrow(TryLater);

      await fixtures.throttle(undefined);
      expect(toVersion(await resolver.resolve(ssm(harness, '/contract/busy')))).toBe(AMIS[0]);
    });
  });

  describe(`${name} as a resolver of build versions`, () => {
    const arn = ({ fixtures }: ResolverHarness, kind: string, rest: string) =>
      `arn:aws:imagebuilder:${fixtures.region}:${fixtures.account}:${kind}/${rest}`;

    it('finds the newest version of a component that fits, by number', async () => {
      const harness = await make();
      const { resolver, fixtures } = harness;
      for (const version of ['1.10.0', '1.9.0', '2.0.0']) await fixtures.publishComponent('agents', version);
      const component = async (version: string) =>
        toVersion(
          await resolver.resolve({ kind: 'component', arn: arn(harness, 'component', `agents/${version}`) }),
        );

      expect(await component('1.x.x')).toBe(arn(harness, 'component', 'agents/1.10.0/1'));
      expect(await component('x.x.x')).toBe(arn(harness, 'component', 'agents/2.0.0/1'));
      expect(await component('1.9.0')).toBe(arn(harness, 'component', 'agents/1.9.0/1'));
      expect(await component('1.9.0/1')).toBe(arn(harness, 'component', 'agents/1.9.0/1'));
      expect(await component('3.x.x')).toBeUndefined();

      if (fixtures.deprecateComponent === undefined) return;
      await fixtures.deprecateComponent('agents', '2.0.0');
      expect(await component('x.x.x')).toBe(arn(harness, 'component', 'agents/1.10.0/1'));
    });

    it('finds the newest image that fits, with its AMI', async () => {
      const harness = await make();
      const { resolver, fixtures } = harness;
      if (fixtures.publishImage === undefined) return;
      await fixtures.publishImage('corporate', '1.0.0', AMIS[0]);
      await fixtures.publishImage('corporate', '1.2.0', AMIS[1]);

      expect(
        await resolver.resolve({ kind: 'image', arn: arn(harness, 'image', 'corporate/1.x.x') }),
      ).toEqual({
        found: true,
        version: arn(harness, 'image', 'corporate/1.2.0/1'),
        detail: { amiId: AMIS[1] },
      });
      expect(
        (await resolver.resolve({ kind: 'image', arn: arn(harness, 'image', 'nobody/x.x.x') })).found,
      ).toBe(false);
    });
  });

  describe(`${name} as a resolver of AMIs`, () => {
    it('looks up the newest that is named so, of the architecture, neither deprecated nor disabled', async () => {
      const { resolver, fixtures } = await make();
      const { publishAmi, disableAmi } = fixtures;
      if (publishAmi === undefined || disableAmi === undefined) return;
      const look = async (pattern: string, architecture: 'x86_64' | 'arm64' = 'x86_64') => {
        const { account: owner, region } = fixtures;
        return resolver.resolve({ kind: 'lookup', owner, name: pattern, architecture, region });
      };
      const first = await publishAmi({ name: 'corp-linux-1', architecture: 'x86_64' });
      const second = await publishAmi({ name: 'corp-linux-2', architecture: 'x86_64' });
      const arm = await publishAmi({ name: 'corp-linux-3', architecture: 'arm64' });
      await publishAmi({ name: 'Corp-linux-4', architecture: 'x86_64' });

      expect(await look('corp-linux-*')).toMatchObject({
        found: true,
        version: second,
        detail: { amiId: second },
      });
      expect(toVersion(await look('corp-linux-*', 'arm64'))).toBe(arm);
      expect(toVersion(await look('corp-?inux-1'))).toBe(first);
      expect((await look('corp-windows-*')).found).toBe(false);

      await (fixtures.deprecateAmi ?? disableAmi)(second);
      expect(toVersion(await look('corp-linux-*'))).toBe(first);
      await disableAmi(first);
      expect((await look('corp-linux-*')).found).toBe(false);
    });

    it('finds a pinned one while it can be used', async () => {
      const { resolver, fixtures } = await make();
      const { publishAmi, disableAmi } = fixtures;
      if (publishAmi === undefined || disableAmi === undefined) return;
      const id = await publishAmi({ name: 'pinned', architecture: 'x86_64' });
      const pinned: Selector = { kind: 'ami', id, region: fixtures.region };

      await fixtures.deprecateAmi?.(id);
      expect(await resolver.resolve(pinned)).toMatchObject({
        found: true,
        version: id,
        detail: { amiId: id },
      });
      await disableAmi(id);
      expect((await resolver.resolve(pinned)).found).toBe(false);
      expect((await resolver.resolve({ ...pinned, id: 'ami-0ffffffffffffffff' })).found).toBe(false);
    });
  });

  describe(`${name} as a resolver of versions in other services`, () => {
    it('follows the tag of a container image to its digest', async () => {
      const { resolver, fixtures } = await make();
      if (fixtures.pushContainer === undefined) return;
      const { account, region } = fixtures;
      const selector: Selector = {
        kind: 'container',
        account,
        region,
        repository: 'team/web',
        tag: 'stable',
      };
      const [old, young] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
      await fixtures.pushContainer('team/web', 'stable', old);
      expect(toVersion(await resolver.resolve(selector))).toBe(old);

      await fixtures.pushContainer('team/web', 'stable', young);
      expect(toVersion(await resolver.resolve(selector))).toBe(young);
      expect((await resolver.resolve({ ...selector, tag: 'edge' })).found).toBe(false);
      expect((await resolver.resolve({ ...selector, repository: 'team/none' })).found).toBe(false);
    });

    it('tells versions of an object apart, and asks for versioning where there is none', async () => {
      const { resolver, fixtures } = await make();
      const { makeBucket, upload } = fixtures;
      if (makeBucket === undefined || upload === undefined) return;
      const source = (bucket: string, object: string): Selector => ({ kind: 'source', bucket, object });
      await makeBucket('ovenbird-sources-contract', true);
      await makeBucket('ovenbird-sources-plain', false);
      await upload('ovenbird-sources-contract', 'web/site.tar.gz', 'one');
      await upload('ovenbird-sources-plain', 'site.tar.gz', 'one');

      const before = toVersion(
        await resolver.resolve(source('ovenbird-sources-contract', 'web/site.tar.gz')),
      );
      await upload('ovenbird-sources-contract', 'web/site.tar.gz', 'two');
      const after = toVersion(await resolver.resolve(source('ovenbird-sources-contract', 'web/site.tar.gz')));
      const plain = await resolver.resolve(source('ovenbird-sources-plain', 'site.tar.gz'));
      const missing = await resolver.resolve(source('ovenbird-sources-contract', 'none'));

      expect([typeof before, typeof after, before === after]).toEqual(['string', 'string', false]);
      expect([plain.found, missing.found]).toEqual([false, false]);
      expect(plain.found ? '' : plain.reason).toContain('versioning');
    });

    it.each(['apt', 'rpm'] as const)('finds the newest packages in a feed for %s', async (format) => {
      const { resolver, fixtures } = await make();
      if (fixtures.writeFeed === undefined) return;
      const openssl = ['1.1.1-1', '3.0.9-1', '3.0.10-1', '3.0.10~rc1-1'];
      const packages = [
        ...openssl.map((version) => ({ name: 'openssl', version })),
        { name: 'zlib', version: '1:1.2.13-1' },
        { name: 'openssl-doc', version: '9.0-1' },
      ];
      const feed = await fixtures.writeFeed(format, packages);
      const look = (...names: string[]) => resolver.resolve({ kind: 'packages', feed, format, names });

      expect(await look('openssl', 'zlib')).toEqual({
        found: true,
        version: 'openssl=3.0.10-1,zlib=1:1.2.13-1',
        detail: { openssl: '3.0.10-1', zlib: '1:1.2.13-1' },
      });
      const missing = await look('openssl', 'nothing');
      expect(missing.found ? '' : missing.reason).toContain('nothing');
    });
  });
}
