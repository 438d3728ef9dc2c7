/** The planning world, with images that have something in them and findings about it. */
import type { Vulnerability } from '../../shared/domain/findings/findings.ts';
import { evidenceKeys } from '../../shared/domain/findings/inventory.ts';
import { keys, lists } from '../../shared/domain/naming.ts';
import type { PackageFormat } from '../../shared/domain/versions/package-versions.ts';
import { HOME, type ReconcileWorld, reconcileWorld } from './planning-world.ts';

/** Package versions by name. */
export type Packages = Readonly<Record<string, string>>;

export const findingArn = (name: string): string =>
  `arn:aws:inspector2:${HOME.region}:${HOME.account}:finding/${name}`;

export function vulnerability(
  name: string,
  packages: readonly { name: string; fixed: string; installed?: string; format?: PackageFormat }[],
): Vulnerability {
  return {
    arn: findingArn(name),
    vulnerabilityId: `CVE-2026-${name}`,
    packages: packages.map(({ installed = '0', format = 'rpm', ...rest }) => ({
      ...rest,
      installed,
      format,
    })),
  };
}

/** As EventBridge delivers it (inspector/latest/user/eventbridge-integration); only what names the finding is looked at. */
export function vulnerabilityEvent(arn: string, detail: Record<string, unknown> = {}): unknown {
  return {
    version: '0',
    id: '5f1f0c2e-0000-4000-8000-000000000000',
    source: 'aws.inspector2',
    'detail-type': 'Inspector2 Finding',
    account: HOME.account,
    region: HOME.region,
    time: '2026-11-21T08:00:00Z',
    resources: ['i-0c4d2e9f7a1b3c5d7'],
    detail: { findingArn: arn, type: 'PACKAGE_VULNERABILITY', status: 'ACTIVE', ...detail },
  };
}

export type VulnerabilityWorld = ReturnType<typeof vulnerabilityWorld>;

export function vulnerabilityWorld(options: Parameters<typeof reconcileWorld>[0] = {}) {
  const world: ReconcileWorld = reconcileWorld(options);

  /** What the build made has these packages in it. */
  async function contains(bake: string, packages: Packages, variant = 'x86-64'): Promise<void> {
    const { attempt } = world.bakes().find(({ id }) => id === bake) ?? { attempt: 1 };
    const inventory = evidenceKeys.inventory(bake, attempt, variant);
    const listed = Object.entries(packages).map(([name, version]) => ({ name, version }));
    await world.ports.documents.put(
      inventory,
      JSON.stringify({ image: 'ami-1', packages: listed }),
      'application/json',
    );
    const row = { bake, attempt, variant, ...HOME, build: 'arn:build', inventory };
    await world.table.write([{ put: { ...keys.artifact(bake, variant), ...row } }]);
  }

  /** Whatever runs ends with such an image, until nothing starts any more. */
  async function releaseAll(packages: (pipeline: string) => Packages): Promise<void> {
    for (let rounds = 0; rounds < 50; rounds += 1) {
      await world.settle();
      const running = world.running();
      if (running.length === 0) return;
      for (const bake of running) {
        await contains(bake.id, packages(bake.pipeline));
        await world.release(bake.id);
      }
    }
    throw new Error('Bakes keep starting.');
  }

  return {
    ...world,
    findings: world.ports.findings,
    contains,
    releaseAll,
    /** What the sweep finds to be indexed, and whatever comes of it. */
    async index(): Promise<void> {
      await world.sweep();
      await world.settle();
    },
    /** An event tells of the finding, and it is taken up. */
    async tellOf(arn: string): Promise<void> {
      world.hints.push(vulnerabilityEvent(arn));
      await world.settle();
    },
    /** Packages in the index, as `pipeline package versions`. */
    indexed: (): string[] =>
      world.table
        .items()
        .filter(({ pk, sk }) => pk.startsWith('PACKAGE#') && sk.startsWith('PIPELINE#'))
        .map(({ pipeline, package: name, versions }) => `${pipeline} ${name} ${String(versions)}`),
    floorsOf: (pipeline: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(world.planning(pipeline)?.minimumVersions ?? {}).map(([name, { version }]) => [name, version]),
      ),
    findingChanges: () => world.changes().filter(({ selector }) => selector.startsWith('finding:')),
    openJobs: () => world.table.items().filter(({ duePk }) => duePk === 'DUE#INVENTORY').length,
    listed: lists.changes,
  };
}
