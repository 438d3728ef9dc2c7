/** Every name that is built somewhere and read elsewhere: table keys, execution names, tags, parameters. They are built and parsed here alone. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A key as one text, to compare and to look up by. */
export function formatKey({ pk, sk }: Key): string {
  return `${pk}\n${sk}`;
}

const pad = (value: number, width: number) => String(value).padStart(width, '0');

export const keys = {
  pipeline: (name: string): Key => ({ pk: `PIPELINE#${name}`, sk: 'META' }),
  /** Row that lists a pipeline under its team. */
  teamPipeline: (team: string, name: string): Key => ({ pk: `TEAM#${team}`, sk: `PIPELINE#${name}` }),
  revision: (name: string, revision: number): Key => ({
    pk: `PIPELINE#${name}`,
    sk: `REVISION#${pad(revision, 6)}`,
  }),
  status: (name: string): Key => ({ pk: `PIPELINE#${name}`, sk: 'STATUS' }),
  channel: (name: string, channel: string): Key => ({ pk: `PIPELINE#${name}`, sk: `CHANNEL#${channel}` }),
  release: (name: string, channel: string, id: string): Key => ({
    pk: `PIPELINE#${name}`,
    sk: `RELEASE#${channel}#${id}`,
  }),
  fingerprint: (name: string, bits: string, proof: string): Key => ({
    pk: `PIPELINE#${name}`,
    sk: `FINGERPRINT#${bits}#${proof}`,
  }),
  /** Row in the pipeline's partition that lists its bakes by time. */
  pipelineBake: (name: string, bake: string): Key => ({ pk: `PIPELINE#${name}`, sk: `BAKE#${bake}` }),
  selector: (selectorKey: string): Key => ({ pk: `SELECTOR#${selectorKey}`, sk: 'VERSION' }),
  selectorDependent: (selectorKey: string, pipeline: string): Key => ({
    pk: `SELECTOR#${selectorKey}`,
    sk: `DEPENDENT#${pipeline}`,
  }),
  /** A selector under its topic. A topic is often the key of one of its selectors, and then one read finds it, its dependents and all others. */
  topicSelector: (topic: string, selectorKey: string): Key => ({
    pk: `SELECTOR#${topic}`,
    sk: `IN-TOPIC#${selectorKey}`,
  }),
  /** Which pipeline publishes to the parameters of this name: one name, one pipeline. */
  publishedParameter: (name: string): Key => ({ pk: `PARAMETER#${name}`, sk: 'PIPELINE' }),
  /** An account that a pipeline distributes to, or did: images of ours may be there. */
  targetAccount: (account: string): Key => ({ pk: `TARGETACCOUNT#${account}`, sk: 'META' }),
  /** Where a part of the resync that ran out of time goes on. */
  resync: (part: number, of: number): Key => ({ pk: `RESYNC#${part}/${of}`, sk: 'META' }),
  /** Where a clean-up of releases that ran out of time goes on. */
  cleanUp: (): Key => ({ pk: 'CLEANUP', sk: 'META' }),
  /** Rises with each definition that begins to read the parameter of this name. */
  parameterLookers: (name: string): Key => ({ pk: `LOOKERS#parameter:${name}`, sk: 'META' }),
  /** A package in the inventory of a channel's current release. */
  packageUse: (name: string, pipeline: string, channel: string): Key => ({
    pk: `PACKAGE#${name}`,
    sk: `PIPELINE#${pipeline}#${channel}`,
  }),
  /** The highest version of a package that a finding has asked for. */
  minimumVersion: (name: string, format: string): Key => ({ pk: `PACKAGE#${name}`, sk: `MINIMUM#${format}` }),
  /** How far the inventory of a channel's release has been indexed. */
  inventoryIndex: (pipeline: string, channel: string): Key => ({
    pk: `PIPELINE#${pipeline}`,
    sk: `INVENTORY#${channel}`,
  }),
  change: (id: string): Key => ({ pk: `CHANGE#${id}`, sk: 'META' }),
  /** Beside a change whose wave needs a person; listed while it waits. */
  wave: (change: string): Key => ({ pk: `CHANGE#${change}`, sk: 'WAVE' }),
  bake: (id: string): Key => ({ pk: `BAKE#${id}`, sk: 'META' }),
  attempt: (id: string, attempt: number): Key => ({ pk: `BAKE#${id}`, sk: `ATTEMPT#${pad(attempt, 3)}` }),
  step: (id: string, attempt: number, step: string): Key => ({
    pk: `BAKE#${id}`,
    sk: `STEP#${pad(attempt, 3)}#${step}`,
  }),
  /** The verdict of one gate. */
  gate: (id: string, attempt: number, name: string): Key => ({
    pk: `BAKE#${id}`,
    sk: `GATE#${pad(attempt, 3)}#${name}`,
  }),
  artifact: (id: string, variant: string): Key => ({ pk: `BAKE#${id}`, sk: `ARTIFACT#${variant}` }),
  test: (id: string, attempt: number, variant: string, instanceType: string): Key => ({
    pk: `BAKE#${id}`,
    sk: `TEST#${pad(attempt, 3)}#${variant}#${instanceType}`,
  }),
  target: (id: string, account: string, region: string, variant: string): Key => ({
    pk: `BAKE#${id}`,
    sk: `TARGET#${region}#${account}#${variant}`,
  }),
  /** The frozen plan of a bake's distribution. */
  distribution: (id: string): Key => ({ pk: `BAKE#${id}`, sk: 'DISTRIBUTION' }),
  /** Ledger row of the control account's own copy in a region, which targets in `share` mode are given. */
  sharedCopy: (id: string, region: string, variant: string): Key => ({
    pk: `BAKE#${id}`,
    sk: `SHAREDCOPY#${region}#${variant}`,
  }),
  /** Who may write the pointers (parameters, launch template defaults) of a channel: one bake at a time. */
  pointers: (name: string, channel: string): Key => ({ pk: `PIPELINE#${name}`, sk: `POINTERS#${channel}` }),
  copyFence: (account: string, region: string): Key => ({ pk: `COPIES#${account}#${region}`, sk: 'FENCE' }),
  copyInFlight: (account: string, region: string, holder: string): Key => ({
    pk: `COPIES#${account}#${region}`,
    sk: `COPY#${holder}`,
  }),
  approval: (id: string): Key => ({ pk: `APPROVAL#${id}`, sk: 'META' }),
  /** One vote of each approver in each round, by whatever identity; letters of either case are the same. */
  vote: (approval: string, round: number, approver: string): Key => ({
    pk: `APPROVAL#${approval}`,
    sk: `VOTE#${pad(round, 3)}#${approver.toLowerCase()}`,
  }),
  wait: (id: string): Key => ({ pk: `WAIT#${id}`, sk: 'META' }),
  /** Leads from a copy's image id to the wait of its region. */
  imageWait: (imageId: string): Key => ({ pk: `IMAGE#${imageId}`, sk: 'WAIT' }),
  /** Slots for concurrent bakes of the account, or of a team. */
  capacity: (key: string): Key => ({ pk: `CAPACITY#${key}`, sk: 'META' }),
  outbox: (id: string): Key => ({ pk: `OUTBOX#${id}`, sk: 'META' }),
} as const;

/** Parts of the list of selectors. */
export const SELECTOR_SHARDS = 16;

/** FNV-1a (datatracker.ietf.org/doc/draft-eastlake-fnv): spreads topics evenly, and is the same everywhere. */
export function selectorShard(topic: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < topic.length; index += 1)
    hash = Math.imul(hash ^ topic.charCodeAt(index), 0x01000193) >>> 0;
  return hash % SELECTOR_SHARDS;
}

/** Partitions of the `list` index (attributes `listPk`, `listSk`): what the API pages through. */
export const lists = {
  pipelines: 'PIPELINES',
  bakes: 'BAKES',
  releases: 'RELEASES',
  changes: 'CHANGES',
  /** In so many parts that no look at one of them is long; selectors of one topic stand in the same part. */
  selectors: (shard: number) => `SELECTORS#${pad(shard, 2)}`,
  approvals: 'APPROVALS',
  capacities: 'CAPACITIES',
  /** Waves that wait for a person. */
  waves: 'WAVES',
} as const;

/** Partitions of the sparse `due` index (attributes `duePk`, `dueSk` = ISO time): what a sweep must look at, oldest first. */
export const due = {
  /** Pipelines marked dirty, by when they are due to be reconciled. */
  reconcile: 'DUE#RECONCILE',
  /** Changes whose fan-out has not ended. */
  fanOut: 'DUE#FANOUT',
  /** Inventories that are to be indexed. */
  inventory: 'DUE#INVENTORY',
  /** Selectors that go to and fro, by when they have stood still. */
  selectors: 'DUE#SELECTORS',
  /** Outbox rows not yet published. */
  outbox: 'DUE#OUTBOX',
  /** Waits by when they are to be looked at again. */
  wait: 'DUE#WAIT',
  /** Attempts that are not terminal, by when to check whether they are stuck. */
  attempt: 'DUE#ATTEMPT',
  /** Pipelines that wait for a slot, by `slotQueuePosition`. */
  slotQueue: (capacity: string) => `SLOTQUEUE#${capacity}`,
  /** Pipelines that a wave holds until a person confirms it, by name. */
  wave: (change: string) => `WAVE#${change}`,
  /** Waves that were confirmed, by when to check a last time for pipelines that they held. */
  confirmed: 'DUE#CONFIRMED',
} as const;

/**
 * A pipeline's position in the queue for a slot: first the longest chain of images that wait for it, then the longest wait. No two
 * stand at the same position, and it is the same position in every queue.
 */
export function slotQueuePosition(chain: number, since: string, pipeline: string): string {
  return `${pad(Math.max(0, 9999 - chain), 4)}#${since}#${pipeline}`;
}

/** Machines by name; also the middle part of execution names of nested machines. */
export const MACHINES = ['bake', 'build', 'test', 'approve', 'distribute', 'distribute-region'] as const;
export type Machine = (typeof MACHINES)[number];

export interface ExecutionName {
  readonly bake: string;
  readonly attempt: number;
  readonly machine: Machine;
  /** Region for `distribute-region`. */
  readonly part?: string;
}

/** At most 80 characters of `0-9A-Za-z-_` (step-functions/dg/service-quotas). Deterministic, so that a second start finds the first (StartExecution). */
export function executionName({ bake, attempt, machine, part }: ExecutionName): string {
  return [bake, pad(attempt, 3), machine, part].filter((entry) => entry !== undefined).join('_');
}

export function parseExecutionName(name: string): ExecutionName | undefined {
  const [bake, attempt, machine, part] = name.split('_');
  const known = MACHINES.find((candidate) => candidate === machine);
  if (bake === undefined || attempt === undefined || !/^[0-9]{3}$/.test(attempt) || known === undefined)
    return undefined;
  return { bake, attempt: Number(attempt), machine: known, ...(part === undefined ? {} : { part }) };
}

/** Tags on everything that a bake creates in AWS: clean-up, reports and IAM conditions find things by them. */
export const TAGS = {
  bake: 'ovenbird:bake',
  attempt: 'ovenbird:attempt',
  pipeline: 'ovenbird:pipeline',
  variant: 'ovenbird:variant',
  verdict: 'ovenbird:test-verdict',
  approvedBy: 'ovenbird:approved-by',
  lineage: 'ovenbird:lineage',
  managed: 'ovenbird:managed',
} as const;

/** Name of an output AMI: 3..128 characters, unique per account and region (ec2 CopyImageRequest.Name). */
export function imageName(pipeline: string, bake: string, variant: string): string {
  return `ovenbird-${pipeline}-${variant}-${bake}`;
}

export function parameterName(template: string, pipeline: string, channel: string): string {
  return template.replaceAll('{pipeline}', pipeline).replaceAll('{channel}', channel);
}

/** What a change may be that no selector speaks of: one pipeline's own, or a finding. */
const NON_SELECTOR_CHANGES = ['definition', 'request', 'schedule', 'finding'] as const;
export type NonSelectorChange = (typeof NON_SELECTOR_CHANGES)[number];

/** Stands where a change names its selector. `of`: the pipeline, the finding's ARN, or the package that findings raise. */
export function nonSelectorChangeKey(kind: NonSelectorChange, of: string): string {
  return `${kind}:${of}`;
}

/** Undefined for the key of a selector. */
export function parseNonSelectorChange(key: string): NonSelectorChange | undefined {
  return NON_SELECTOR_CHANGES.find((kind) => key.startsWith(`${kind}:`));
}

/** Id of the wait for one resource: `image:arn…`, `instance:i-…`, `command:…`, `copies:<bake>:<region>`, `approval:<id>`. */
export function waitId(kind: string, resource: string): string {
  return `${kind}:${resource}`;
}

/** Stands for the key that the template for targets makes (resources/target-account.yml). */
export const DEFAULT_TARGET_KEY = 'default';

/** Stands for the key of the control account's own copies in other regions (resources/shared-images-region.yml). */
export const SHARED_COPY_KEY = 'shared-images';

/** The alias of a key that a template of the installation makes, or the key as it was named. `installation`: name of the service's stack. */
export function toKeyName(installation: string, key: string): string {
  if (key === DEFAULT_TARGET_KEY) return `alias/${installation}-images`;
  if (key === SHARED_COPY_KEY) return `alias/${installation}-shared-images`;
  return key;
}
