/**
 * What the use cases need from the world. Every use case takes the ports that it needs as its first argument, a plain object; the composition
 * root (shared/lambda/deps.ts) holds the one real value, test/support/ the fakes. One contract suite per port runs against both.
 */
import type { Vulnerability } from './domain/findings/findings.ts';
import type { Key } from './domain/naming.ts';
import type { Selector } from './domain/versions/selectors.ts';

export interface Clock {
  now(): Date;
}

export interface Recurrence {
  /** `cron(...)` as AWS writes it, or `rate(...)`. */
  readonly expression: string;
  readonly timeZone: string;
  /** From when a rate counts: it comes at first when one interval is over. The epoch where nobody knows. */
  readonly since?: string | undefined;
}

/**
 * When schedules come. Times of day are those of the time zone: one that the clocks leave out comes when they have moved on, one that they
 * repeat comes once. What comes each so many minutes or hours counts on: it leaves out what they leave out, and comes again in what they repeat.
 */
export interface Calendar {
  /** The first time after `after`; undefined where none is left. Throws InvalidSchedule, which names what is wrong. */
  next(schedule: Recurrence, after: Date): Date | undefined;
  /** The last time after `after` that is not after `upTo`. */
  last(schedule: Recurrence, window: { readonly after: Date; readonly upTo: Date }): Date | undefined;
}

/** How much may start without a person, and at once. */
export interface Limits {
  /** Bakes of the account at once; one that waits for its approval does not count. */
  readonly bakes: number;
  /** The same for each team. */
  readonly bakesOfTeam: number;
  /** Images that one change may lead to; a larger wave waits for a person. */
  readonly wave: number;
}

export interface Ids {
  /** A ULID: sorts by time, 26 characters. */
  next(): string;
}

/** Lower-case hexadecimal SHA-256 of the text in UTF-8. */
export type Digest = (text: string) => string;

// --- the table -------------------------------------------------------------------------------------------------------------------------

export type Item = Key & Readonly<Record<string, unknown>>;

/** All parts must hold. `equals` with null means that the attribute is absent. */
export interface WriteCondition {
  readonly exists?: boolean;
  readonly equals?: Readonly<Record<string, string | number | boolean | null>>;
  readonly oneOf?: Readonly<Record<string, readonly (string | number)[]>>;
  /** Attribute is absent or smaller. */
  readonly below?: Readonly<Record<string, string | number>>;
}

export type Write =
  | { readonly put: Item; readonly when?: WriteCondition }
  | {
      readonly update: Key;
      readonly set?: Readonly<Record<string, unknown>>;
      /** Sets what is absent and leaves the rest as it is. */
      readonly setOnce?: Readonly<Record<string, unknown>>;
      readonly remove?: readonly string[];
      readonly add?: Readonly<Record<string, number>>;
      /** Adds to the end of lists; an absent list is empty. */
      readonly append?: Readonly<Record<string, readonly unknown[]>>;
      readonly when?: WriteCondition;
    }
  | { readonly delete: Key; readonly when?: WriteCondition }
  | { readonly check: Key; readonly when: WriteCondition };

/** A condition did not hold; nothing was written. `index` is the first write that lost, `found` the item that stands there. */
export class WriteConflict extends Error {
  override readonly name = 'WriteConflict';
  readonly index: number;
  readonly key: Key;
  readonly found: Item | undefined;
  constructor(index: number, key: Key, found: Item | undefined) {
    super(`The condition on ${key.pk} / ${key.sk} did not hold.`);
    this.index = index;
    this.key = key;
    this.found = found;
  }
}

/** DynamoDB's limit for one transaction (amazondynamodb TransactWriteItems); the fake enforces it too. */
export const MAX_WRITES = 100;

export interface Page {
  readonly items: readonly Item[];
  /** Hand it back as `after` for the next page; undefined on the last one. */
  readonly cursor?: string;
}

export interface Query {
  /** `main` (default): partition and sort key; `list` and `due`: the indexes of that name (eventually consistent). */
  readonly index?: 'main' | 'list' | 'due';
  readonly pk: string;
  readonly prefix?: string;
  /** Sort key at most this (inclusive). */
  readonly upTo?: string;
  readonly limit?: number;
  readonly after?: string;
  readonly descending?: boolean;
}

export interface Table {
  /** Strongly consistent. */
  get(key: Key): Promise<Item | undefined>;
  /** Strongly consistent, in the order of the keys; absent items are undefined. Any number of keys. */
  getMany(keys: readonly Key[]): Promise<(Item | undefined)[]>;
  query(query: Query): Promise<Page>;
  /** All or nothing, at most MAX_WRITES, one write per item. Throws WriteConflict. */
  write(writes: readonly Write[]): Promise<void>;
}

// --- documents -------------------------------------------------------------------------------------------------------------------------

/** Evidence and other large JSON or text documents. Keys are paths such as `bakes/<id>/evidence-001.json`. */
export interface Documents {
  put(key: string, body: string, contentType: 'application/json' | 'text/plain'): Promise<void>;
  get(key: string): Promise<string | undefined>;
}

// --- noticing --------------------------------------------------------------------------------------------------------------------------

/** What a selector means now. `version` is what is compared; `detail` are further facts for the build (e.g. `amiId`). */
export type Resolution =
  | { readonly found: true; readonly version: string; readonly detail: Readonly<Record<string, string>> }
  | { readonly found: false; readonly reason: string };

/** Resolves everything but `pipeline:` selectors, which the table answers. Throws TryLater when AWS throttles. */
export interface SelectorResolver {
  resolve(selector: Selector): Promise<Resolution>;
}

export interface ReconcileQueue {
  /** Asks for the pipelines to be planned, not before the delay is over (SQS: at most 900 s; the sweep does what is longer). */
  send(requests: readonly { pipeline: string; delaySeconds: number }[]): Promise<void>;
}

export interface HintQueue {
  /** Asks for the selectors of the topics to be looked at again, in as few messages as it takes. */
  send(topics: readonly string[]): Promise<void>;
}

// --- findings --------------------------------------------------------------------------------------------------------------------------

/** What Amazon Inspector says now. Only findings that are active, about packages of an operating system, and for which there is a fix. */
export interface Findings {
  /** Those of these ARNs that are such findings; the others are left out. Throws TryLater when AWS throttles. */
  read(arns: readonly string[]): Promise<readonly Vulnerability[]>;
  /** All of them, page by page. `refused` where Inspector is not enabled, or may not be asked. */
  list(
    after?: string,
  ): Promise<
    | { readonly findings: readonly Vulnerability[]; readonly cursor?: string; readonly refused?: undefined }
    | { readonly refused: string }
  >;
}

/** Messages that we send to ourselves on the queue of hints, about findings and the inventories that they are looked up in. */
export interface FindingHints {
  /** Asks for a page of all findings to be looked at; the first one without a cursor. */
  sendPage(after?: string): Promise<void>;
  /** Asks for what is installed in the current releases of channels to be indexed. */
  sendInventories(
    channels: readonly { readonly pipeline: string; readonly channel: string }[],
  ): Promise<void>;
}

// --- workflows -------------------------------------------------------------------------------------------------------------------------

export interface ExecutionStatus {
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly error?: string;
  readonly cause?: string;
}

export interface Workflows {
  /** Starts the bake machine. Same name and input again finds the first execution, ended or not. Returns its ARN. */
  startBake(name: string, input: { bake: string; attempt: number }): Promise<string>;
  /** Stopping an execution that has ended, or that never was, is no error. */
  stop(execution: string, reason: string): Promise<void>;
  describe(execution: string): Promise<ExecutionStatus | undefined>;
  /** ARN that an execution of that name has, whether it runs or not. `machine` is the short name, such as `bake` or `build`. */
  executionArn(machine: string, name: string): string;
}

/** Only the function `complete-task` has it. Answers `closed` when the task had ended already (TaskTimedOut, TaskDoesNotExist). */
export interface TaskTokens {
  succeed(token: string, output: unknown): Promise<'delivered' | 'closed'>;
  fail(token: string, error: string, cause: string): Promise<'delivered' | 'closed'>;
}

/** Messages that we send to ourselves on the queue that also takes the events of what we wait for. */
export interface WakeQueue {
  /** Asks for one wait to be looked at again, not before the delay is over (SQS: at most 900 s). `round` counts looks in vain. */
  send(message: { wait: string; round: number }, delaySeconds: number): Promise<void>;
}

// --- publishing ------------------------------------------------------------------------------------------------------------------------

export interface PublishedEvent {
  readonly id: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** Our own bus. Throws when any entry was refused (FailedEntryCount). */
export interface EventPublisher {
  publish(events: readonly PublishedEvent[]): Promise<void>;
}

export interface Message {
  /** Fewer than 100 characters, no line breaks (sns PublishInput.Subject). */
  readonly subject: string;
  /** Text for people. */
  readonly text: string;
  /** The same for machines. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Message attributes that subscribers filter on. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Notifier {
  /** To the notification topic: readable text for e-mail, JSON for SQS, HTTP and Lambda subscribers (MessageStructure json). */
  notify(message: Message): Promise<void>;
  /** To the approval topic, for one approver alone (filter policy on the attribute `approver`). */
  askApprover(approver: string, message: Message): Promise<void>;
  /** Addresses whose subscription to the approval topic is confirmed. */
  confirmedApprovers(): Promise<readonly string[]>;
}

/** HMAC by KMS: signing and verifying are different permissions, held by different functions. */
export interface Mac {
  /** `keyId` names the key that signed, for links that outlive a rotation. */
  generate(message: string): Promise<{ mac: string; keyId: string }>;
  verify(message: string, mac: string, keyId: string): Promise<boolean>;
}

// --- the build engine --------------------------------------------------------------------------------------------------------------------

export interface Package {
  readonly name: string;
  readonly version: string;
}

export interface BuildRequest {
  readonly bake: string;
  readonly attempt: number;
  readonly pipeline: string;
  readonly variant: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly parentImage: string;
  readonly components: readonly {
    readonly arn: string;
    readonly parameters?: Readonly<Record<string, string | readonly string[]>>;
  }[];
  /** Test components that the engine is to run itself, on an instance of the new image; undefined where it is to test nothing. */
  readonly tests?: BuildRequest['components'];
  readonly instanceTypes: readonly string[];
  readonly volumes: readonly { readonly device: string; readonly sizeGiB: number }[];
  readonly tags: Readonly<Record<string, string>>;
}

export type BuildStatus =
  | { readonly state: 'running' }
  | { readonly state: 'available'; readonly imageId: string; readonly log?: string }
  | {
      readonly state: 'failed' | 'cancelled';
      readonly reason: string;
      readonly log?: string;
      /** An image that was made before the build failed; clean-up removes it. */
      readonly imageId?: string;
    };

/** One build engine (Image Builder now; Packer follows). Every call may be repeated. */
export interface BuildEngine {
  /** Starts, or finds what an earlier call with the same bake, attempt and variant started. Returns the build's id (an ARN). */
  start(request: BuildRequest): Promise<{ build: string }>;
  status(build: string): Promise<BuildStatus>;
  packages(build: string): Promise<readonly Package[]>;
  /** Asks for the end of a build; one that has ended is left alone. Answers whether it has ended. */
  cancel(build: string): Promise<{ ended: boolean }>;
  /** Removes what the build left at the engine (not the image). */
  forget(build: string): Promise<void>;
}

// --- compute in the control account ------------------------------------------------------------------------------------------------------

export interface ImageFacts {
  readonly imageId: string;
  readonly name: string;
  readonly state: 'pending' | 'available' | 'failed' | 'deregistered' | 'disabled';
  readonly reason?: string;
  readonly architecture: string;
  readonly snapshots: readonly {
    readonly snapshotId: string;
    readonly device: string;
    readonly encrypted: boolean;
    readonly keyId?: string;
  }[];
  readonly tags: Readonly<Record<string, string>>;
  readonly deprecatedAt?: string;
  /** The image that this one is a copy of, which may be gone. */
  readonly copyOf?: { readonly region: string; readonly imageId: string };
  readonly ownerId: string;
}

export interface TestInstances {
  /** Launches, or finds what an earlier call with the same client token launched. No inbound port, IMDSv2, ends itself never: the caller terminates. */
  launch(request: {
    clientToken: string;
    imageId: string;
    instanceType: string;
    tags: Readonly<Record<string, string>>;
  }): Promise<{ instance: string }>;
  /** `ready`: running and reachable for Run Command. */
  status(instance: string): Promise<{ state: 'starting' | 'ready' } | { state: 'gone'; reason: string }>;
  terminate(instances: readonly string[]): Promise<void>;
  /** Instances of a bake (of one attempt, where it is given) that are not terminated, by tag. */
  findByBake(bake: string, attempt?: number): Promise<readonly string[]>;
}

export interface Commands {
  /** Runs shell lines on the instance. `comment` is shown at AWS (at most 100 characters). */
  send(request: {
    instance: string;
    script: string;
    timeoutSeconds: number;
    comment: string;
  }): Promise<{ command: string }>;
  status(
    command: string,
    instance: string,
  ): Promise<
    | { state: 'running' }
    | {
        state: 'ended';
        status: 'passed' | 'failed' | 'timed-out';
        exitCode?: number;
        stdout: string;
        stderr: string;
      }
  >;
}

/** Images in the home region that others are built on, whoever owns them. */
export interface BaseImages {
  /** As EC2 names it; undefined where there is no such image, or none that we may see. */
  state(imageId: string): Promise<string | undefined>;
}

/**
 * Images and snapshots of the control account, in any region. Throws TryLater where AWS throttles, DistributionFailed where it refuses; its
 * fact `refused` is true where the account may not do this there at all, as in a Region that is not enabled.
 */
export interface OwnImages {
  describe(region: string, imageId: string): Promise<ImageFacts | undefined>;
  /** Tags images and snapshots. */
  tag(region: string, resources: readonly string[], tags: Readonly<Record<string, string>>): Promise<void>;
  /** Deregisters the image and deletes its snapshots; what is gone already is no error. */
  remove(region: string, imageId: string): Promise<void>;
  findByBake(region: string, bake: string): Promise<readonly ImageFacts[]>;
  /** What a build of Image Builder made, whether it came to its end or not. */
  findByBuild(region: string, build: string): Promise<readonly ImageFacts[]>;
  /** Lets the account launch the image and copy its snapshots. */
  permit(
    region: string,
    imageId: string,
    snapshotIds: readonly string[],
    accounts: readonly string[],
  ): Promise<void>;
  revoke(
    region: string,
    imageId: string,
    snapshotIds: readonly string[],
    accounts: readonly string[],
  ): Promise<void>;
  /** A copy of our own in another region; starts it, or finds what an earlier call with the same client token started. */
  copy(region: string, request: CopyRequest): Promise<{ imageId: string }>;
  deprecate(region: string, imageId: string, at: string): Promise<void>;
  /** ARN of the key behind an alias, id or ARN. Throws DistributionFailed when there is none. */
  resolveKey(region: string, key: string): Promise<string>;
}

// --- targets -----------------------------------------------------------------------------------------------------------------------------

export interface CopyRequest {
  readonly clientToken: string;
  readonly name: string;
  readonly description: string;
  readonly sourceImageId: string;
  readonly sourceRegion: string;
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * What may be done in one target, under the target's role. Every call may be repeated. Throws TryLater where AWS throttles or a quota is
 * in use, DistributionFailed where it refuses.
 */
export interface TargetAccount {
  /** ARN of the key behind an alias, id or ARN. Throws DistributionFailed when there is none. */
  resolveKey(key: string): Promise<string>;
  /** Starts a copy, or finds what an earlier call with the same client token started. */
  copy(request: CopyRequest): Promise<{ imageId: string }>;
  describe(imageId: string): Promise<ImageFacts | undefined>;
  findByBake(bake: string): Promise<readonly ImageFacts[]>;
  tag(resources: readonly string[], tags: Readonly<Record<string, string>>): Promise<void>;
  deprecate(imageId: string, at: string): Promise<void>;
  remove(imageId: string): Promise<void>;
  /** A new version of the launch template that names the image; not the default yet. Found again by its description. */
  addTemplateVersion(
    template: string,
    imageId: string,
    description: string,
  ): Promise<{ version: string; previousDefault: string }>;
  setDefaultTemplateVersion(template: string, version: string): Promise<void>;
  readTemplateDefault(template: string): Promise<{ version: string; imageId?: string } | undefined>;
  /** Deletes a version that is not the default; one that is gone already is no error. */
  removeTemplateVersion(template: string, version: string): Promise<void>;
  readParameter(name: string): Promise<string | undefined>;
  writeParameter(name: string, imageId: string, tags: Readonly<Record<string, string>>): Promise<void>;
  removeParameter(name: string): Promise<void>;
  /** What would fail there. `key` only where copies are encrypted with one of the target's own. */
  preflight(request: {
    key?: string;
    parameter: string;
    launchTemplate?: string;
  }): Promise<readonly { field: string; problem: string; fix: string }[]>;
}

export interface Targets {
  /** Assumes the target's role (external id). Throws PreflightFailed with the missing statement when the role cannot be assumed. */
  open(account: string, region: string): Promise<TargetAccount>;
}
