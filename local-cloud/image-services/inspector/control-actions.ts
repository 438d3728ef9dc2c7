import * as z from 'zod';
import { type ControlActions, defineControlAction } from '../control-actions.ts';
import { AwsError, type Shape, type World } from '../service.ts';
import { emitFinding } from './events.ts';
import type { FindingRecord, FindingStore } from './records.ts';

const locationSchema = { account: z.string().regex(/^\d{12}$/), region: z.string().min(1) };

const publishSchema = z.strictObject({
  ...locationSchema,
  /** End of its ARN; a second finding with the same id updates the first. */
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional(),
  vulnerability: z.string().min(1),
  severity: z.enum(['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'UNTRIAGED']).default('HIGH'),
  packages: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        version: z.string().min(1),
        release: z.string().optional(),
        epoch: z.int().nonnegative().default(0),
        arch: z.string().default('X86_64'),
        packageManager: z.string().default('OS'),
        /** Left out where there is no fix. */
        fixedInVersion: z.string().optional(),
      }),
    )
    .min(1),
  platform: z.string().default('AMAZON_LINUX_2023'),
  /** The AMI that the scanned instance runs. */
  imageId: z.string().optional(),
});

const closeSchema = z.strictObject({ ...locationSchema, findingArn: z.string() });

/** The control actions of Inspector. Nothing is scanned: findings are declared. */
export const inspectorControlActions = (world: World, store: FindingStore): ControlActions => ({
  'publish-finding': defineControlAction(publishSchema, (declared) => {
    const location = { account: declared.account, region: declared.region };
    const finding = toFinding(world, declared);
    const known = store.at(location).findIndex(({ findingArn }) => findingArn === finding.findingArn);
    store.at(location).splice(known < 0 ? store.at(location).length : known, known < 0 ? 0 : 1, finding);
    emitFinding(world, location, finding);
    return { findingArn: finding.findingArn };
  }),

  /** Closes a finding, as after an update of the package or the end of the instance. */
  'close-finding': defineControlAction(closeSchema, ({ findingArn, ...location }) => {
    const finding = store.at(location).find((entry) => entry.findingArn === findingArn);
    if (finding === undefined)
      throw new AwsError('ResourceNotFoundException', `There is no finding ${findingArn}.`, 404);
    finding.status = 'CLOSED';
    finding.updatedAt = world.clock.now();
    emitFinding(world, location, finding);
    return {};
  }),
});

function toFinding(world: World, declared: z.infer<typeof publishSchema>): FindingRecord {
  const { account, region, id, vulnerability, severity, packages, platform } = declared;
  const now = world.clock.now();
  const fixes = packages.filter(({ fixedInVersion }) => fixedInVersion !== undefined).length;
  const vulnerablePackages = packages.map(
    ({ fixedInVersion, ...entry }): Shape => ({
      ...entry,
      fixedInVersion: fixedInVersion ?? 'NotAvailable',
      ...(fixedInVersion === undefined ? {} : { remediation: `yum update ${entry.name}` }),
    }),
  );
  return {
    findingArn: `arn:aws:inspector2:${region}:${account}:finding/${id ?? world.ids.uuid().replaceAll('-', '')}`,
    awsAccountId: account,
    type: 'PACKAGE_VULNERABILITY',
    status: 'ACTIVE',
    severity,
    title: `${vulnerability} - ${packages.map(({ name }) => name).join(', ')}`,
    description: `${vulnerability} was declared in the local cloud.`,
    fixAvailable: fixes === 0 ? 'NO' : fixes === packages.length ? 'YES' : 'PARTIAL',
    exploitAvailable: 'NO',
    firstObservedAt: now,
    lastObservedAt: now,
    updatedAt: now,
    remediation: { recommendation: { text: 'Update the packages.' } },
    packageVulnerabilityDetails: {
      vulnerabilityId: vulnerability,
      source: platform.startsWith('UBUNTU') ? 'UBUNTU_CVE' : 'AMAZON_CVE',
      vulnerablePackages,
    },
    resources: [
      {
        id: world.ids.instance(),
        type: 'AWS_EC2_INSTANCE',
        partition: 'aws',
        region,
        details: {
          awsEc2Instance: { imageId: declared.imageId ?? world.ids.ami(), platform, type: 't3.small' },
        },
      },
    ],
  };
}
