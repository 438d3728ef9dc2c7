/** The pipelines of a world: their definitions, and which depend on which, for rules that do not ask the engine. */
import type { DefinitionInput } from '../../../shared/domain/definitions/definition.ts';
import type { Selector } from '../../../shared/domain/selectors/selectors.ts';
import { HOME } from '../../support/reconcile-world.ts';
import type { GeneratedPipeline, Source } from './world.ts';

/** What a person has made of a definition meanwhile. */
export interface Edits {
  suite: number;
  volume: number;
  targets: number;
  words: number;
  parents: number[];
}

export const toPipelineName = (index: number): string => `p${index}-image`;
export const parsePipelineIndex = (name: string): number => Number(/^p([0-9]+)-/.exec(name)?.[1]);

const ECR = `${HOME.account}.dkr.ecr.${HOME.region}.amazonaws.com`;
const FEED = 'https://packages.example.com/stable/Packages';
const imageBuilder = (kind: string, name: string) =>
  `arn:aws:imagebuilder:${HOME.region}:${HOME.account}:${kind}/${name}`;
export const OUTSIDE_AMI = 'ami-0aaaaaaaaaaaaaaaa';

/** The selector that names a source, with the pattern where it has one. */
export function toSelector(source: Source, range = 'x.x.x'): Selector {
  const [kind, n] = source.split(':');
  const { account, region } = HOME;
  switch (kind) {
    case 'ssm':
      return { kind: 'ssm', name: `/outside/base-${n}`, region };
    case 'label':
      return { kind: 'ssm', name: '/outside/base-0', region, pin: 'approved' };
    case 'image':
      return { kind: 'image', arn: `${imageBuilder('image', `outside-${n}`)}/${range}` };
    case 'lookup':
      return { kind: 'lookup', owner: '999988887777', name: 'outside-*', architecture: 'x86_64', region };
    case 'container':
      return { kind: 'container', account, region, repository: 'outside', tag: 'stable' };
    case 'source':
      return { kind: 'source', bucket: 'outside-sources', object: 'main.zip' };
    case 'packages':
      return { kind: 'packages', feed: FEED, format: 'apt', names: ['openssl'] };
    default:
      return { kind: 'component', arn: `${imageBuilder('component', `${kind}-${n}`)}/${range}` };
  }
}

function toDefinitionInput(
  source: Source | 'ami',
  range?: string,
): NonNullable<DefinitionInput['inputs']>[number] {
  if (source === 'ami') return { ami: OUTSIDE_AMI };
  const selector = toSelector(source, range);
  switch (selector.kind) {
    case 'ssm':
      return { ssm: selector.pin === undefined ? selector.name : `${selector.name}:${selector.pin}` };
    case 'image':
      return { image: selector.arn };
    case 'lookup':
      return { lookup: { owner: selector.owner, name: selector.name, architecture: selector.architecture } };
    case 'container':
      return { container: `${ECR}/${selector.repository}:${selector.tag}` };
    case 'source':
      return { source: { bucket: selector.bucket, key: selector.object } };
    case 'packages':
      return { packages: { feed: selector.feed, format: selector.format, names: selector.names } };
    default:
      throw new Error(`${source} is no input.`);
  }
}

/** A pipeline as the world has it now. */
export interface Entry {
  readonly index: number;
  readonly name: string;
  readonly given: GeneratedPipeline;
  readonly edits: Edits;
}

export function createEntry(given: GeneratedPipeline, index: number): Entry {
  const edits = { suite: 0, volume: 0, targets: 0, words: 0, parents: [] };
  return { index, name: toPipelineName(index), given, edits };
}

/** The pipeline that is its base, where it has one. Only earlier ones can be, so that nothing goes round. */
export function findBaseParent({ given, index }: Entry): number | undefined {
  return given.base.kind === 'pipeline' && index > 0 ? given.base.of % index : undefined;
}

/** Pipelines that it depends on, the base first, each once. */
export function listParents(entry: Entry): number[] {
  const { given, index, edits } = entry;
  const base = findBaseParent(entry);
  const others = index === 0 ? [] : given.parents.map((of) => of % index);
  return [...new Set([...(base === undefined ? [] : [base]), ...others, ...edits.parents])];
}

export interface ExternalDependency {
  readonly source: Source;
  readonly range?: string;
  readonly part: 'base' | 'component' | 'input' | 'test';
}

/** What it depends on outside. */
export function listExternalDependencies(entry: Entry): ExternalDependency[] {
  const { given } = entry;
  const { base } = given;
  const own: ExternalDependency[] = [];
  if (base.kind === 'pipeline') {
    if (findBaseParent(entry) === undefined) own.push({ source: 'ssm:0', part: 'base' });
  } else if (base.kind !== 'ami')
    own.push({ source: base.kind, part: 'base', ...('range' in base ? { range: base.range } : {}) });
  const taken = new Set(own.map(({ source }) => source));
  return [
    ...own,
    ...given.components.map(({ of, range }) => ({
      source: `component:${of}` as Source,
      range,
      part: 'component' as const,
    })),
    ...given.inputs
      .filter((source) => !taken.has(source))
      .map((source) => ({ source, part: 'input' as const })),
    ...given.tests.map(({ of, range }) => ({
      source: `proof:${of}` as Source,
      range,
      part: 'test' as const,
    })),
  ];
}

const SCHEDULES = {
  hourly: { expression: 'rate(1 hour)', startCondition: 'dependency-updates-available' },
  // Four ticks and no more: a world has to come to rest.
  always: { expression: 'cron(0 9,21 2-3 3 ? 2026)', startCondition: 'always' },
} as const;
export const TICKS = ['2026-03-02T09', '2026-03-02T21', '2026-03-03T09', '2026-03-03T21'].map((hour) =>
  Date.parse(`${hour}:00:00Z`),
);
export const FREEZES = {
  none: [],
  once: [{ reason: 'an audit', from: '2026-03-02T08:05:00Z', to: '2026-03-02T10:00:00Z' }],
  daily: [{ reason: 'closing time', opens: 'cron(30 8 * * ? *)', lasts: '45m' }],
} as const;

export function toDefinition(entry: Entry): DefinitionInput {
  const { given, edits, name } = entry;
  const base = findBaseParent(entry);
  const outside = listExternalDependencies(entry);
  const ownBase = outside.find(({ part }) => part === 'base');
  const arns = (part: ExternalDependency['part']) =>
    outside
      .filter((dependency) => dependency.part === part)
      .map(({ source, range }) => {
        const selector = toSelector(source, range);
        return { component: selector.kind === 'component' ? selector.arn : '' };
      });
  const inputs = outside
    .filter(({ part }) => part === 'input')
    .map(({ source }) => toDefinitionInput(source));
  return {
    apiVersion: 'ovenbird.dev/v1',
    name,
    description: `Words ${edits.words}`,
    ...(given.team ? { team: 'blue' } : {}),
    base:
      base === undefined
        ? (toDefinitionInput(ownBase?.source ?? 'ami', ownBase?.range) as DefinitionInput['base'])
        : { pipeline: toPipelineName(base), ...(given.earlyCutoff ? { earlyCutoff: true } : {}) },
    components: arns('component'),
    inputs: [
      ...listParents(entry)
        .filter((parent) => parent !== base)
        .map((parent) => ({ pipeline: toPipelineName(parent) })),
      ...inputs,
    ],
    build: { imageBuilderTests: given.testsAreBits, rootVolumeGiB: 8 + edits.volume },
    tests: { suites: [{ name: 'boots', script: `true ${edits.suite}` }], components: arns('test') },
    approval: { required: false },
    distribution: { targets: buildTargets(edits.targets) },
    triggers: {
      mode: given.mode === 'hourly' || given.mode === 'always' ? 'schedule' : given.mode,
      ...(given.mode === 'hourly' || given.mode === 'always' ? { schedule: SCHEDULES[given.mode] } : {}),
      debounce: `${given.debounceSeconds}s`,
      longestWait: `${given.longestWaitSeconds}s`,
      maxHold: given.maxHold,
      freeze: FREEZES[given.freeze].map((window) => ({ ...window })),
    },
    lifecycle: { pinned: given.pinned, maxFailures: given.maxFailures },
  };
}

function buildTargets(count: number): { account: string; regions: string[] }[] {
  const accounts = ['444455556666', '777788889999', '222233334444'];
  return accounts.slice(0, count).map((account) => ({ account, regions: ['eu-west-1'] }));
}
