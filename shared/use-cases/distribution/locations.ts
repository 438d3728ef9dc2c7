/** Where the artifact of a row stands, and with which rights it is worked on: those of the target's role, or the product's own. */

import type { Artifact, ArtifactName } from '../../domain/artifacts/artifacts.ts';
import type { TargetRecord } from '../../domain/records/distributions.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { ControlLocations } from '../../ports/locations.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LedgerDeps } from './ledger.ts';

export type LocationDeps = LedgerDeps & Pick<Ports, 'locations'>;

/** The store in which the artifact of a row is made: of its target, or of the control account for a shared copy. */
export async function openStore(
  { locations }: Pick<LocationDeps, 'locations'>,
  row: TargetRecord,
  kind: ArtifactName,
): Promise<ArtifactStore> {
  const location = row.sharedCopy
    ? locations.openControl(row.region)
    : await locations.open(row.account, row.region);
  return location.artifacts[kind];
}

/** The store of whoever owns the artifact. */
export async function openOwnerStore(
  { locations, home }: Pick<Ports, 'locations' | 'home'>,
  { account, kind, region }: Artifact,
): Promise<ArtifactStore> {
  const isOurs = account === home.account;
  const location = isOurs ? locations.openControl(region) : await locations.open(account, region);
  return location.artifacts[kind];
}

/** The control account's store of an artifact that it owns. */
export function openControlStore<Call extends keyof ArtifactStore>(
  { locations }: { readonly locations: ControlLocations<Call> },
  { kind, region }: Artifact,
): Pick<ArtifactStore, Call> {
  return locations.openControl(region).artifacts[kind];
}
