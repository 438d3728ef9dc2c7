import type { Behaviours } from './behaviours.ts';
import type { ScaledClock } from './clock.ts';
import type { Effects } from './effects.ts';
import type { Timings } from './timings.ts';

/** The caller of a request; the gateway identifies it. */
export interface Call {
  account: string;
  region: string;
  /** Role session, user or root ARN of the caller. */
  principalArn: string;
  accessKeyId: string;
  requestId: string;
  sourceIp: string;
}

/** Condition keys of a request by their names; a list where the key has many values, such as `aws:TagKeys`. */
export type ConditionKeys = Record<string, string | string[]>;

/** One IAM check: every permission of a request must be allowed. */
export interface Permission {
  action: string;
  resource: string;
  /** Condition keys of the request, e.g. `aws:RequestTag/team` or `ec2:CreateAction`. */
  context?: ConditionKeys;
}

export interface Decision {
  allowed: boolean;
  /** AWS's own text when the answer is no. */
  message: string;
}

/** A call that a service, or software on an instance, makes with a session of a role. */
export interface RoleCall {
  account: string;
  region: string;
  roleArn: string;
  session: string;
  action: string;
  resource: string;
  context: ConditionKeys;
}

export interface KmsAccessRequest {
  /** Key id, key ARN, alias name or alias ARN. */
  key: string;
  account: string;
  region: string;
  principalArn: string;
  /** Without the `kms:` prefix, e.g. `CreateGrant`. */
  operations: readonly string[];
}

export interface KmsAccess {
  exists: boolean;
  enabled: boolean;
  arn: string;
  managedBy: 'AWS' | 'CUSTOMER';
  allowed: Record<string, boolean>;
}

/** An event of an AWS service, in the account and region whose default bus receives it. */
export interface ServiceEvent {
  account: string;
  region: string;
  source: string;
  detailType: string;
  detail: Record<string, unknown>;
  resources: string[];
}

export interface Ids {
  ami(): string;
  snapshot(): string;
  instance(): string;
  volume(): string;
  networkInterface(): string;
  reservation(): string;
  launchTemplate(): string;
  securityGroup(): string;
  uuid(): string;
}

/** Services of AWS that the image services depend on; the gateway implements them with MiniStack. */
export interface OtherServices {
  /** Puts an event on the default bus of its account and region, subject to event faults. */
  emit(event: ServiceEvent): void;
  kmsAccess(request: KmsAccessRequest): Promise<KmsAccess>;
  authorize(call: Call, action: string, resource: string, context: ConditionKeys): Promise<Decision>;
  /** As `authorize` for a role whose credentials nobody asked for; without it a role may do all. */
  authorizeRole?: ((call: RoleCall) => Promise<Decision>) | undefined;
  /** Seeds or raises a public `/aws/service/...` parameter in one region. */
  seedParameter(parameter: { region: string; name: string; value: string }): Promise<void>;
  /** The value of an SSM parameter as that account sees it; `undefined` when there is none. */
  readParameter(request: { account: string; region: string; name: string }): Promise<string | undefined>;
  /** ARN of the role in an instance profile of that account; without it no profile is checked and no PassRole either. */
  instanceProfileRole?:
    | ((request: { account: string; name: string }) => Promise<string | undefined>)
    | undefined;
  /** Text of an S3 object; without it a component from a `uri` is refused. */
  readObject?:
    | ((request: {
        account: string;
        region: string;
        bucket: string;
        key: string;
      }) => Promise<string | undefined>)
    | undefined;
  /** True when a trail records this account and region; without this member all are recorded. */
  hasTrail?: ((account: string, region: string) => Promise<boolean> | boolean) | undefined;
}

/** Everything that the services share; one instance per server. */
export interface World extends OtherServices {
  clock: ScaledClock;
  ids: Ids;
  /** Declarations made by control actions. */
  behaviour: Behaviours;
  timings: Timings;
  effects: Effects;
}

/** Input and output are plain objects with the member names of the SDK; timestamps are `Date`s. */
export type Shape = Record<string, unknown>;
export type Operation = (input: Shape, call: Call) => Promise<Shape> | Shape;

export type SigningName = 'ec2' | 'imagebuilder' | 'inspector2' | 'ssm';
export type Protocol = 'ec2Query' | 'restJson1' | 'awsJson1_1';

export interface ImageService {
  signingName: SigningName;
  protocol: Protocol;
  /** Only what is implemented; everything else in the schema answers 501. */
  operations: Record<string, Operation>;
  /** The permissions that the request needs. */
  permissions(operation: string, input: Shape, call: Call): Permission[] | Promise<Permission[]>;
}

/** An error that the service answers with, in the shape of its protocol. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
