/** The fakes, and the adapter over stand-ins of AWS that answer from the memory of one of them. */

import { createAwsSelectorResolver } from '../support/fakes/selector-aws.ts';
import { fakeResolver, type SelectorWorld, selectorWorld } from '../support/fakes/selector-world.ts';
import { fakeSources } from '../support/fakes/sources.ts';
import { fakeClock } from '../support/fakes/time-and-ids.ts';
import { resolverContract, type SelectorFixtures } from './selector-resolver.ts';

const HOME = { account: '111122223333', region: 'eu-west-1' };

function createFixtures(world: SelectorWorld, now: () => Date): SelectorFixtures {
  const versions = new Map<string, number>();
  const unversioned = new Set<string>();
  const change = (id: string, what: Partial<SelectorWorld['amis'][number]>) => {
    const at = world.amis.findIndex((image) => image.id === id);
    const image = world.amis[at];
    if (image !== undefined) world.amis[at] = { ...image, ...what };
  };
  const build = (kind: string, name: string, version: string) =>
    `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:${kind}/${name}/${version}/1`;
  return {
    ...HOME,
    async putParameter(name, value) {
      const version = (versions.get(name) ?? 0) + 1;
      versions.set(name, version);
      world.parameters.set(name, value);
      world.pins.set(`${name}:${version}`, value);
    },
    async labelParameter(name, label) {
      world.pins.set(`${name}:${label}`, world.parameters.get(name) ?? '');
    },
    async deleteParameter(name) {
      world.parameters.delete(name);
    },
    async publishComponent(name, version) {
      world.builds.set(build('component', name, version), 'ACTIVE');
    },
    async deprecateComponent(name, version) {
      world.builds.set(build('component', name, version), 'DEPRECATED');
    },
    async publishImage(name, version, amiId) {
      world.builds.set(build('image', name, version), 'AVAILABLE');
      world.amiOfBuild.set(build('image', name, version), amiId);
    },
    async publishAmi({ name, architecture }) {
      const number = world.amis.length + 1;
      const id = `ami-${number.toString(16).padStart(17, '0')}`;
      const createdAt = new Date(now().getTime() + number * 1000).toISOString();
      world.amis.push({ id, name, architecture, owner: HOME.account, createdAt });
      return id;
    },
    deprecateAmi: async (id) => change(id, { deprecatedAt: now().toISOString() }),
    disableAmi: async (id) => change(id, { state: 'disabled' }),
    async pushContainer(repository, tag, digest) {
      world.tags.set(`${HOME.account}/${HOME.region}/${repository}:${tag}`, digest);
    },
    async makeBucket(bucket, versioned) {
      if (!versioned) unversioned.add(bucket);
    },
    async upload(bucket, key, content) {
      world.objects.set(`${bucket}/${key}`, unversioned.has(bucket) ? undefined : `version-of-${content}`);
    },
    async writeFeed(format, packages) {
      const feed =
        format === 'apt' ? 'https://deb.example.com/Packages.gz' : 'https://rpm.example.com/stable/x86_64';
      world.feeds.set(feed, packages);
      return feed;
    },
    async throttle(kind) {
      world.busy.clear();
      if (kind !== undefined) world.busy.add(kind);
    },
  };
}

resolverContract('The fake', () => {
  const clock = fakeClock();
  const world = selectorWorld(HOME);
  return { resolver: fakeResolver(world, clock), fixtures: createFixtures(world, () => clock.now()) };
});

resolverContract('The adapter', () => {
  const clock = fakeClock();
  const world = selectorWorld(HOME);
  return {
    resolver: createAwsSelectorResolver(world, clock),
    fixtures: createFixtures(world, () => clock.now()),
  };
});

resolverContract('The sources of the worlds', () => {
  const sources = fakeSources();
  const versions = new Map<string, number>();
  const topic = (name: string) => `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:component/${name}`;
  const fixtures: SelectorFixtures = {
    ...HOME,
    async putParameter(name, value) {
      const version = (versions.get(name) ?? 0) + 1;
      versions.set(name, version);
      sources.parameters.set(name, value);
      sources.parameters.set(`${name}:${version}`, value);
    },
    async labelParameter(name, label) {
      sources.parameters.set(`${name}:${label}`, sources.parameters.get(name) ?? '');
    },
    async deleteParameter(name) {
      sources.parameters.delete(name);
    },
    publishComponent: async (name, version) => sources.publish(topic(name), version),
    async deprecateComponent(name, version) {
      const found = sources.published.get(topic(name))?.find((entry) => entry.version === version);
      if (found !== undefined) found.deprecated = true;
    },
    async pushContainer(repository, tag, digest) {
      sources.values.set(`container:${repository}:${tag}`, digest);
    },
  };
  return { resolver: sources.resolver, fixtures };
});
