import type { ChannelRecord, ReleaseRecord } from '../../records/releases.ts';

/** A use of an image that its account tells of. */
export interface ImageUse {
  readonly imageId: string;
  /** In words: `instance i-0abc`, `launch template web, version 3`. */
  readonly by: string;
}

/** A place of a release that could not be read. */
export interface UnreadPlace {
  readonly account: string;
  readonly region: string;
  readonly problem: string;
}

/** A bake that runs, or that made what is current: what it is made of, and whose images it uses. */
export interface UsingBake {
  readonly bake: string;
  readonly pipeline: string;
  readonly reusesBake?: string | undefined;
  /** Selectors of its lock, with the images that it found there. */
  readonly lock: readonly {
    readonly key: string;
    readonly version: string;
    readonly detail?: Readonly<Record<string, string>> | undefined;
  }[];
}

/** Everything that is known of who uses the releases of one pipeline. */
export interface Usage {
  readonly channels: readonly Pick<ChannelRecord, 'channel' | 'release'>[];
  /** Of the pipeline itself. */
  readonly running: readonly UsingBake[];
  /** Of the pipelines that are built on it: what runs, and what is current. */
  readonly children: readonly UsingBake[];
  readonly uses: readonly ImageUse[];
  readonly unread: readonly UnreadPlace[];
  /** Accounts that only launch what is shared with them and that let nobody look: when the image was last launched, by its id. */
  readonly lastLaunched: ReadonlyMap<string, string>;
  /** From here on a launch counts as use. */
  readonly recent: string;
}

/** One way in which a release may be in use. A new one is a file and a line in registry.ts. */
export interface ReferenceKind {
  /** It only may be in use: nothing is removed, and a mark stands. */
  readonly isDoubt?: true;
  /** A sentence for each use, for people. */
  find(release: ReleaseRecord, usage: Usage): readonly string[];
}
