/** The permission set and environment of every port, under the names that `ports:` in a function.yml uses: those of the modules in shared/lambda/deps. */
import * as table from '../../shared/adapters/dynamo-table.permissions.ts';
import * as baseImages from '../../shared/adapters/ec2-base-images.permissions.ts';
import * as buildKeys from '../../shared/adapters/ec2-build-keys.permissions.ts';
import * as instanceTypes from '../../shared/adapters/ec2-instance-types.permissions.ts';
import * as placements from '../../shared/adapters/ec2-placements.permissions.ts';
import * as testInstances from '../../shared/adapters/ec2-test-instances.permissions.ts';
import * as imageBuilder from '../../shared/adapters/engines/image-builder.permissions.ts';
import * as eventPublisher from '../../shared/adapters/eventbridge-publisher.permissions.ts';
import * as components from '../../shared/adapters/image-builder-components.permissions.ts';
import * as findings from '../../shared/adapters/inspector-findings.permissions.ts';
import * as mac from '../../shared/adapters/kms-mac.permissions.ts';
import * as targetAccounts from '../../shared/adapters/lambda-target-accounts.permissions.ts';
import * as controlLocations from '../../shared/adapters/locations/control.permissions.ts';
import * as locations from '../../shared/adapters/locations/locations.permissions.ts';
import type { Statement } from '../../shared/adapters/permissions.ts';
import * as documents from '../../shared/adapters/s3-documents.permissions.ts';
import { permissions as ami } from '../../shared/adapters/selectors/ami.permissions.ts';
import { permissions as component } from '../../shared/adapters/selectors/component.permissions.ts';
import { permissions as container } from '../../shared/adapters/selectors/container.permissions.ts';
import { permissions as image } from '../../shared/adapters/selectors/image.permissions.ts';
import { permissions as lookup } from '../../shared/adapters/selectors/lookup.permissions.ts';
import { permissions as packages } from '../../shared/adapters/selectors/packages.permissions.ts';
import { permissions as source } from '../../shared/adapters/selectors/source.permissions.ts';
import { permissions as ssm } from '../../shared/adapters/selectors/ssm.permissions.ts';
import * as taskTokens from '../../shared/adapters/sfn-task-tokens.permissions.ts';
import * as workflows from '../../shared/adapters/sfn-workflows.permissions.ts';
import * as notifier from '../../shared/adapters/sns-notifier.permissions.ts';
import * as findingHints from '../../shared/adapters/sqs-finding-hints.permissions.ts';
import * as hintQueue from '../../shared/adapters/sqs-hint-queue.permissions.ts';
import * as reconcileQueue from '../../shared/adapters/sqs-reconcile-queue.permissions.ts';
import * as wakeQueue from '../../shared/adapters/sqs-wake-queue.permissions.ts';
import * as commands from '../../shared/adapters/ssm-commands.permissions.ts';
import type { EngineName } from '../../shared/domain/engines/engines.ts';
import type { ResolvedKind } from '../../shared/domain/selectors/selectors.ts';

export interface PortNeeds {
  readonly permissions: Readonly<Record<string, readonly Statement[]>>;
  readonly environment?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

type KindPermissions<Speed extends 'fast' | 'slow'> = Record<ResolvedKind<Speed>, readonly Statement[]>;
const fast = { ssm, component, image } satisfies KindPermissions<'fast'>;
const slow = { ami, lookup, container, source, packages } satisfies KindPermissions<'slow'>;

export const ports: Readonly<Record<string, PortNeeds>> = {
  baseImages,
  buildKeys,
  commands,
  components,
  controlLocations,
  documents,
  engines: unite({ imageBuilder }),
  eventPublisher,
  findingHints,
  findings,
  hintQueue,
  instanceTypes,
  locations,
  mac,
  notifier,
  placements,
  reconcileQueue,
  selectors: { permissions: { ...fast, ...slow } },
  table,
  targetAccounts,
  taskTokens,
  testInstances,
  wakeQueue,
  workflows,
};

/** What the engines need together; one that is missing does not compile. */
function unite(engines: Readonly<Record<EngineName, PortNeeds>>): PortNeeds {
  const permissions: Record<string, Statement[]> = {};
  const environment: Record<string, Record<string, string>> = {};
  for (const engine of Object.values(engines)) {
    for (const [method, statements] of Object.entries(engine.permissions))
      permissions[method] = [...(permissions[method] ?? []), ...statements];
    for (const [method, variables] of Object.entries(engine.environment ?? {}))
      environment[method] = { ...environment[method], ...variables };
  }
  return { permissions, environment };
}

/** Words that stand for several methods of a port. */
export const groups: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  selectors: { fast: Object.keys(fast), slow: Object.keys(slow) },
};
