import type { Package } from '../behaviours.ts';
import type { ParameterDetail } from './document.ts';
import type { Version } from './versions.ts';

export type Platform = 'Linux' | 'Windows' | 'macOS';
export type Tags = Record<string, string>;
type ComponentStatus = 'ACTIVE' | 'DEPRECATED' | 'DISABLED';

/** Fields of every resource. */
interface CommonRecord {
  readonly arn: string;
  /** The name as given; the ARN contains the slug. */
  readonly name: string;
  readonly slug: string;
  readonly dateCreated: string;
  tags: Tags;
}

export interface ComponentRecord extends CommonRecord {
  readonly owner: string;
  readonly version: Version;
  readonly build: number;
  readonly type: 'BUILD' | 'TEST';
  readonly platform: Platform;
  readonly supportedOsVersions?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly changeDescription?: string | undefined;
  readonly data: string;
  readonly kmsKeyId?: string | undefined;
  readonly parameters: readonly ParameterDetail[];
  status: ComponentStatus;
}

export interface ComponentUse {
  readonly componentArn: string;
  readonly parameters?: readonly { name: string; value: string[] }[] | undefined;
}

interface BlockDevice {
  readonly deviceName?: string | undefined;
  readonly ebs?:
    | {
        encrypted?: boolean | undefined;
        deleteOnTermination?: boolean | undefined;
        iops?: number | undefined;
        kmsKeyId?: string | undefined;
        snapshotId?: string | undefined;
        volumeSize?: number | undefined;
        volumeType?: string | undefined;
        throughput?: number | undefined;
      }
    | undefined;
  readonly virtualName?: string | undefined;
  readonly noDevice?: string | undefined;
}

export interface RecipeRecord extends CommonRecord {
  readonly owner: string;
  readonly version: Version;
  /** Recipes have no builds; the number lets them be compared like components. */
  readonly build: 1;
  readonly platform: Platform;
  readonly description?: string | undefined;
  readonly components: readonly ComponentUse[];
  readonly parentImage: string;
  readonly blockDeviceMappings: readonly BlockDevice[];
  readonly workingDirectory?: string | undefined;
  readonly additionalInstanceConfiguration?:
    | {
        systemsManagerAgent?: { uninstallAfterBuild?: boolean | undefined } | undefined;
        userDataOverride?: string | undefined;
      }
    | undefined;
  readonly amiTags?: Tags | undefined;
}

/** An infrastructure or distribution configuration, or a pipeline: `settings` has the member names of the API. */
export interface ConfigurationRecord<T> extends CommonRecord {
  settings: T;
  dateUpdated?: string | undefined;
}

export type ImageStatus =
  | 'PENDING'
  | 'CREATING'
  | 'BUILDING'
  | 'TESTING'
  | 'DISTRIBUTING'
  | 'INTEGRATING'
  | 'AVAILABLE'
  | 'CANCELLED'
  | 'FAILED'
  | 'DEPRECATED'
  | 'DELETED'
  | 'DISABLED';

export interface OutputAmi {
  readonly region: string;
  readonly image: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly accountId: string;
}

export interface StoredImage extends CommonRecord {
  readonly account: string;
  readonly region: string;
  readonly version: Version;
  readonly build: number;
  readonly platform: Platform;
  readonly buildType: 'USER_INITIATED' | 'SCHEDULED' | 'IMPORT';
  readonly imageSource: 'AMAZON_MANAGED' | 'IMPORTED' | 'CUSTOM';
  /** The document of GetImage as of the start of the build. */
  readonly document: Record<string, unknown>;
  readonly metadata: boolean;
  status: ImageStatus;
  reason?: string | undefined;
  deprecationTime?: Date | undefined;
  amis: OutputAmi[];
  inventory: Package[];
  readonly recipeArn: string;
  readonly pipelineArn?: string | undefined;
  /** Running instances of the build. */
  readonly instances: Set<string>;
  /** Cancels the current wait of the build; set while the build runs. */
  interrupt?: (() => void) | undefined;
  cancelled: boolean;
}
