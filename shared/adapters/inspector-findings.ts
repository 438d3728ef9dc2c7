/**
 * Findings of Amazon Inspector. What is asked for is what can lead to a bake: active findings about packages for which there is a fix
 * (inspector2 FilterCriteria); of these, the packages of the operating system, because inventories list no others.
 */
import {
  type FilterCriteria,
  type Inspector2Client,
  type Finding as InspectorFinding,
  ListFindingsCommand,
  type VulnerablePackage,
} from '@aws-sdk/client-inspector2';
import { splitIntoBatches } from '../domain/base/batches.ts';
import type { PackageFormat } from '../domain/packages/versions.ts';
import {
  type FixablePackage,
  inferFormatFromPlatform,
  type Vulnerability,
} from '../domain/packages/vulnerabilities.ts';
import type { Findings } from '../ports/vulnerabilities.ts';
import { callAws } from './aws-client.ts';
import { errorName } from './aws-error-classes.ts';

/** Largest page (inspector2 ListFindingsRequest.maxResults). */
const PAGE = 100;
/** Values of one filter (inspector2 FilterCriteria, 1 to 10 each). */
const ARNS_AT_ONCE = 10;
/** What stands for the version where there is no fix. */
const NO_FIX = /^(?:not\s?available)?$/i;

const FIXABLE_FINDINGS: FilterCriteria = {
  findingStatus: [{ comparison: 'EQUALS', value: 'ACTIVE' }],
  findingType: [{ comparison: 'EQUALS', value: 'PACKAGE_VULNERABILITY' }],
  fixAvailable: [
    { comparison: 'EQUALS', value: 'YES' },
    { comparison: 'EQUALS', value: 'PARTIAL' },
  ],
};

export function inspectorFindings(client: Inspector2Client): Findings {
  const page = async (more: Partial<FilterCriteria>, nextToken?: string) =>
    callAws(() =>
      client.send(
        new ListFindingsCommand({
          filterCriteria: { ...FIXABLE_FINDINGS, ...more },
          maxResults: PAGE,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
      ),
    );

  return {
    async read(arns) {
      const found: Vulnerability[] = [];
      for (const part of splitIntoBatches(arns, ARNS_AT_ONCE)) {
        const findingArn = part.map((value) => ({ comparison: 'EQUALS' as const, value }));
        const { findings = [] } = await page({ findingArn });
        found.push(...findings.flatMap(parseFinding));
      }
      return found;
    },

    async list(after) {
      try {
        const { findings = [], nextToken } = await page({}, after);
        return {
          findings: findings.flatMap(parseFinding),
          ...(nextToken === undefined ? {} : { cursor: nextToken }),
        };
      } catch (error) {
        if (errorName(error) !== 'AccessDeniedException') throw error;
        const message = error instanceof Error ? error.message : '';
        return { refused: `Amazon Inspector is not enabled here, or may not be asked: ${message}` };
      }
    },
  };
}

/** Empty where nothing of it can be compared with an inventory. */
export function parseFinding(finding: InspectorFinding): Vulnerability[] {
  const { findingArn: arn, packageVulnerabilityDetails: details, resources = [] } = finding;
  const platforms = resources.map(
    ({ details: about }) => about?.awsEc2Instance?.platform ?? about?.awsEcrContainerImage?.platform,
  );
  const format = platforms.map(inferFormatFromPlatform).find((entry) => entry !== undefined);
  if (arn === undefined || details === undefined || format === undefined) return [];
  const packages = (details.vulnerablePackages ?? []).flatMap((entry) => parsePackage(entry, format));
  if (packages.length === 0) return [];
  return [{ arn, vulnerabilityId: details.vulnerabilityId ?? arn, packages }];
}

function parsePackage(entry: VulnerablePackage, format: PackageFormat): FixablePackage[] {
  const { name, version, fixedInVersion: fixed = '', packageManager = 'OS' } = entry;
  if (name === undefined || packageManager !== 'OS' || NO_FIX.test(fixed)) return [];
  return [{ name, format, installed: formatInstalledVersion(entry, version ?? ''), fixed }];
}

/** `[epoch:]version[-release]`, which Inspector keeps in three fields. */
function formatInstalledVersion({ epoch = 0, release }: VulnerablePackage, version: string): string {
  return `${epoch > 0 ? `${epoch}:` : ''}${version}${release === undefined || release === '' ? '' : `-${release}`}`;
}
