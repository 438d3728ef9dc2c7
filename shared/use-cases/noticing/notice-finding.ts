/**
 * What Amazon Inspector finds in a package concerns every image that holds it in a version below the fix, whichever instance it was found on.
 * Findings come by event and by the reconcile; both are read again, and both end here.
 */
import { TryLater } from '../../domain/errors.ts';
import {
  type Vulnerability,
  type FixablePackage,
  type FixClaim,
  isHigherMinimum,
  selectNewestFixes,
  type MinimumVersionRecord,
  MinimumVersionRecordSchema,
} from '../../domain/findings/findings.ts';
import { due, keys, lists, nonSelectorChangeKey } from '../../domain/naming.ts';
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import { type Findings, type Ids, type Limits, WriteConflict } from '../../ports.ts';
import { readRecord, readMany } from '../store/read.ts';
import { countWaveFrom } from './count-wave.ts';
import { type FanOutDeps, fanOutChange } from './fan-out-change.ts';
import { listAffectedNames, type PackageFix } from './finding-users.ts';
import { waveWrites } from './wave-rows.ts';

export interface DetectVulnerabilitiesDeps extends FanOutDeps {
  readonly ids: Ids;
  readonly limits: Pick<Limits, 'wave'>;
  readonly findings: Findings;
}

const ROUNDS = 5;
/** A fan-out that nobody is at work on any more is found by the sweep after this. */
const FAN_OUT_SECONDS = 60;

/**
 * Takes a hint that there is a finding. A vulnerability is found on every instance, and each finding is an event: where what this one claims is
 * wanted already, Inspector is not even asked. If the claim is wrong, the reconcile finds what is true.
 */
export async function detectVulnerability(
  deps: DetectVulnerabilitiesDeps,
  arn: string,
  claims: readonly FixClaim[] = [],
): Promise<ChangeRecord[]> {
  if (claims.length > 0) {
    const minimumVersions = await readMinimumVersions(deps, claims);
    if (claims.every((claim, index) => isSettled(claim, minimumVersions[index]))) return [];
  }
  return detectVulnerabilities(deps, await deps.findings.read([arn]));
}

function readMinimumVersions({ table }: DetectVulnerabilitiesDeps, packages: readonly FixClaim[]) {
  return readMany(
    table,
    packages.map(({ name, format }) => keys.minimumVersion(name, format)),
    MinimumVersionRecordSchema,
  );
}

/** Findings as Inspector has just told of them. Of many that concern one package, the newest fix is looked at. */
export async function detectVulnerabilities(
  deps: DetectVulnerabilitiesDeps,
  vulnerabilities: readonly Vulnerability[],
): Promise<ChangeRecord[]> {
  const wanted = selectNewestFixes(
    vulnerabilities.flatMap(({ packages, arn, vulnerabilityId: vulnerability }) =>
      packages.map((entry) => ({ ...entry, arn, vulnerability })),
    ),
  );
  const minimumVersions = await readMinimumVersions(deps, wanted);
  const changes: ChangeRecord[] = [];
  for (const [index, entry] of wanted.entries()) {
    const change = isSettled(entry, minimumVersions[index]) ? undefined : await recordVulnerability(deps, entry);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

type WantedFix = FixablePackage & { readonly arn: string; readonly vulnerability: string };

/** As much was asked for before, and whoever was concerned has been told. Releases that came later look for themselves. */
function isSettled(wanted: FixClaim, floor: MinimumVersionRecord | undefined): boolean {
  return floor?.state === 'done' && !isHigherMinimum(wanted.format, floor.version, wanted.fixed);
}

/** Answers the change where it concerns anybody. */
async function recordVulnerability(deps: DetectVulnerabilitiesDeps, wanted: WantedFix): Promise<ChangeRecord | undefined> {
  const key = keys.minimumVersion(wanted.name, wanted.format);
  for (let round = 0; round < ROUNDS; round += 1) {
    const floor = await readRecord(deps.table, key, MinimumVersionRecordSchema);
    if (isSettled(wanted, floor)) return undefined;
    try {
      // 1. The floor first: an inventory that is indexed from here on sees it.
      const open =
        floor === undefined || isHigherMinimum(wanted.format, floor.version, wanted.fixed)
          ? await writeMinimum(deps, wanted, floor)
          : floor;
      // 2. Then those who hold the package, and the change that tells them.
      return await recordVulnerabilityChange(deps, open);
    } catch (error) {
      // Somebody else is at work on the package.
      if (!(error instanceof WriteConflict)) throw error;
    }
  }
  throw new TryLater(`What is wanted of the package ${wanted.name} kept changing while it was recorded.`);
}

async function writeMinimum(
  deps: DetectVulnerabilitiesDeps,
  wanted: WantedFix,
  before: MinimumVersionRecord | undefined,
): Promise<MinimumVersionRecord> {
  const floor: MinimumVersionRecord = {
    package: wanted.name,
    format: wanted.format,
    version: wanted.fixed,
    installed: wanted.installed,
    finding: wanted.arn,
    vulnerability: wanted.vulnerability,
    state: 'open',
    at: deps.clock.now().toISOString(),
  };
  const key = keys.minimumVersion(wanted.name, wanted.format);
  const when = before === undefined ? { exists: false } : { equals: { version: before.version } };
  await deps.table.write([{ put: { ...key, ...floor }, when }]);
  return floor;
}

async function recordVulnerabilityChange(deps: DetectVulnerabilitiesDeps, floor: MinimumVersionRecord): Promise<ChangeRecord | undefined> {
  const key = keys.minimumVersion(floor.package, floor.format);
  const when = { equals: { version: floor.version, state: 'open' } };
  const names = await listAffectedNames(deps.table, toPackageFix(floor), deps.limits.wave);
  if (names.length === 0) {
    await deps.table.write([{ update: key, set: { state: 'done' }, when }]);
    return undefined;
  }
  const wave = await countWaveFrom(deps, names);
  const change = { ...toVulnerabilityChange(deps, floor), ...(wave === undefined ? {} : { wave }) };
  const dueSk = new Date(deps.clock.now().getTime() + FAN_OUT_SECONDS * 1000).toISOString();
  await deps.table.write([
    { update: key, set: { state: 'done', change: change.id }, when },
    {
      put: {
        ...keys.change(change.id),
        ...change,
        listPk: lists.changes,
        listSk: change.id,
        duePk: due.fanOut,
        dueSk,
      },
    },
    ...waveWrites(deps, change),
  ]);
  await fanOutChange(deps, change.id);
  return change;
}

export function toPackageFix({ package: name, format, version }: MinimumVersionRecord): PackageFix {
  return { package: name, format, version };
}

/** A change of a finding: its versions are those of the package. */
export function toVulnerabilityChange(
  deps: Pick<DetectVulnerabilitiesDeps, 'ids' | 'clock'>,
  floor: MinimumVersionRecord,
): ChangeRecord {
  const id = deps.ids.next();
  const { package: name, format, vulnerability } = floor;
  return {
    id,
    selector: nonSelectorChangeKey('finding', floor.finding),
    from: floor.installed,
    to: floor.version,
    at: deps.clock.now().toISOString(),
    cause: id,
    causes: [],
    follows: [],
    finding: { package: name, format, vulnerability },
    fanOut: 'open',
  };
}
