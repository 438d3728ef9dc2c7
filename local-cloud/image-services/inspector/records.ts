import type { Call, Shape } from '../service.ts';

/** One finding with the member names of the API. Dates are Dates in answers and text in events. */
export interface FindingRecord extends Shape {
  findingArn: string;
  awsAccountId: string;
  type: 'PACKAGE_VULNERABILITY';
  status: 'ACTIVE' | 'SUPPRESSED' | 'CLOSED';
  severity: string;
  title: string;
  description: string;
  fixAvailable: 'YES' | 'NO' | 'PARTIAL';
  exploitAvailable: 'YES' | 'NO';
  firstObservedAt: Date;
  lastObservedAt: Date;
  updatedAt: Date;
  packageVulnerabilityDetails: {
    vulnerabilityId: string;
    source: string;
    vulnerablePackages: readonly Shape[];
  };
  remediation: Shape;
  resources: readonly {
    id: string;
    type: 'AWS_EC2_INSTANCE';
    partition: string;
    region: string;
    details: { awsEc2Instance: Shape };
  }[];
}

/** Findings by account and Region. */
export class FindingStore {
  readonly #byLocation = new Map<string, FindingRecord[]>();

  at({ account, region }: Pick<Call, 'account' | 'region'>): FindingRecord[] {
    const key = `${account}/${region}`;
    const findings = this.#byLocation.get(key) ?? [];
    this.#byLocation.set(key, findings);
    return findings;
  }
}
