/** What moves outside, and what an event says about it. */
import { type Selector, selectorTopic } from '../../../shared/domain/selectors/selectors.ts';
import type { ReconcileWorld } from '../../support/reconcile-world.ts';
import { toSelector } from './estate.ts';
import type { OracleDependency } from './oracle.ts';
import { SOURCES, type Source, type SourceChange } from './world.ts';

type Sources = ReconcileWorld['sources'];

/** Close to where one more digit comes, in the patch and in the build. */
const INITIAL_VERSIONS = [
  { version: '1.8.8', build: 1 },
  { version: '1.8.9', build: 9 },
];

export function publishInitialVersions(sources: Sources): void {
  for (const source of SOURCES) {
    const selector = toSelector(source);
    if (isVersioned(selector))
      for (const { version, build } of INITIAL_VERSIONS)
        sources.publish(selectorTopic(selector), version, build);
    else setValue(sources, source, buildValue(source, 1));
  }
}

export function isVersioned(selector: Selector): boolean {
  return selector.kind === 'image' || selector.kind === 'component';
}

function buildValue(source: Source, count: number): string {
  const kind = source.split(':')[0] ?? '';
  if (!['ssm', 'label', 'lookup'].includes(kind)) return `${kind}-${count}`;
  return `ami-${SOURCES.indexOf(source).toString(16)}${count.toString(16).padStart(16, '0')}`;
}

/** Where a value stands, and how. */
function locateValue(sources: Sources, source: Source): { map: Map<string, string>; key: string } {
  const selector = toSelector(source);
  switch (selector.kind) {
    case 'ssm': {
      const key = selector.pin === undefined ? selector.name : `${selector.name}:${selector.pin}`;
      return { map: sources.parameters, key };
    }
    case 'lookup':
      return { map: sources.values, key: `lookup:${selector.name}` };
    case 'container':
      return { map: sources.values, key: `container:${selector.repository}:${selector.tag}` };
    case 'source':
      return { map: sources.values, key: `source:${selector.bucket}/${selector.object}` };
    case 'packages':
      return { map: sources.values, key: `packages:${selector.feed}` };
    default:
      throw new Error(`${source} holds no value.`);
  }
}

function setValue(sources: Sources, source: Source, value: string | undefined): void {
  const { map, key } = locateValue(sources, source);
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** What each source was before, so that it can go back. */
export type PreviousValues = Map<Source, { count: number; before: string | undefined }>;

/** Moves it and answers the topic that an event would bring up. */
export function changeSource(
  sources: Sources,
  memory: PreviousValues,
  { source, how }: SourceChange,
  pick: number,
): string {
  const selector = toSelector(source);
  const topic = selectorTopic(selector);
  if (isVersioned(selector)) changeVersions(sources, topic, how, pick);
  else changeValue(sources, memory, source, how);
  return topic;
}

function changeValue(
  sources: Sources,
  memory: PreviousValues,
  source: Source,
  how: SourceChange['how'],
): void {
  const { map, key } = locateValue(sources, source);
  const known = memory.get(source) ?? { count: 1, before: undefined };
  const now = map.get(key);
  const isBack = (how === 'back' || how === 'fallback') && known.before !== undefined;
  const count = isBack ? known.count : known.count + 1;
  memory.set(source, { count, before: now ?? known.before });
  setValue(sources, source, how === 'gone' ? undefined : isBack ? known.before : buildValue(source, count));
}

function changeVersions(sources: Sources, topic: string, how: SourceChange['how'], pick: number): void {
  const known = sources.published.get(topic) ?? [];
  const last = known.toSorted((a, b) => compareNumbers(toNumbers(a), toNumbers(b))).at(-1);
  if (last === undefined) return;
  const [major = 0, minor = 0, patch = 0] = last.version.split('.').map(Number);
  if (how === 'fallback' || how === 'gone') {
    const newest = known
      .filter(({ deprecated }) => !deprecated)
      .toSorted((a, b) => compareNumbers(toNumbers(a), toNumbers(b)))
      .at(-1);
    if (newest !== undefined) newest.deprecated = true;
    return;
  }
  if (how === 'build') sources.publish(topic, last.version, last.build + 1);
  else if (how === 'back') sources.publish(topic, '1.8.7', known.length);
  else if (pick % 4 === 0) sources.publish(topic, `${major + 1}.0.0`);
  else if (pick % 4 === 1) sources.publish(topic, `${major}.${minor + 1}.0`);
  else sources.publish(topic, `${major}.${minor}.${patch + 1}`);
}

function toNumbers({ version, build }: { version: string; build: number }): number[] {
  return [...version.split('.').map(Number), build];
}

function compareNumbers(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((node, index) => node !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

/** The same for the oracle: what a selector resolved to last, and what the world says now. */
export function toOracleDependency(
  sources: Sources,
  selector: Selector,
  before: string | undefined,
): OracleDependency {
  if (selector.kind !== 'image' && selector.kind !== 'component')
    return { kind: 'value', before, now: sources.meaning(selector) };
  const pattern = selector.arn.split('/')[2] ?? '';
  return {
    kind: 'semver',
    pattern,
    before: before?.split('/').slice(2).join('/'),
    published: sources.published.get(selectorTopic(selector)) ?? [],
  };
}
