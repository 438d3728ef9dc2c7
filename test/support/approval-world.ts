import { createApprovalPages } from '../../functions/serve-approvals/app.tsx';
import { keys } from '../../shared/domain/base/naming.ts';
import { type DefinitionInput, DefinitionSchema } from '../../shared/domain/definitions/definition.ts';
import type { BakeRecord } from '../../shared/domain/records/bakes.ts';
import type { Documents } from '../../shared/ports/documents.ts';
import type { Item } from '../../shared/ports/table.ts';
import { requestApproval } from '../../shared/use-cases/approval/request-approval.ts';
import { toArtifactItem } from './artifact-item.ts';
import { fakeMac } from './fakes/mac.ts';
import { memoryTable } from './fakes/memory-table.ts';
import { fakeNotifier } from './fakes/notifier.ts';
import { countingIds, digest, fakeClock } from './fakes/time-and-ids.ts';

export const ARTIFACT = {
  kind: 'ami',
  account: '111122223333',
  region: 'eu-west-1',
  imageId: 'ami-0bbbbbbbbbbbbbbbb',
  snapshotIds: ['snap-0bbbbbbbbbbbbbbbb'],
};
export const BAKE = '01JTESTBAKE0000000000000AA';
export const CAUSE = '01JTESTCHANGE00000000000C1';
export const API_URL = 'https://api.example.com/stage';
export const ADA = 'ada@example.com';
export const BEN = 'ben@example.com';

const arn = (name: string) => `arn:aws:imagebuilder:eu-west-1:111122223333:component/${name}`;

/** A pipeline `hardened` whose bake has been built, tested and judged, and now comes to its approval. */
export function approvalWorld(
  options: {
    required?: boolean;
    requestedBy?: string;
    apiUrl?: string;
    approvers?: NonNullable<DefinitionInput['approval']>['approvers'];
  } = {},
) {
  const clock = fakeClock('2026-11-21T08:00:00.000Z');
  const table = memoryTable();
  const documents = memoryDocuments();
  const notifier = fakeNotifier([ADA, BEN]);
  const mac = fakeMac();
  const deps = {
    table,
    documents,
    notifier,
    mac,
    clock,
    ids: countingIds(),
    digest,
    apiUrl: options.apiUrl ?? API_URL,
  };
  const definition = DefinitionSchema.parse({
    apiVersion: 'ovenbird.dev/v1',
    name: 'hardened',
    description: 'The base image with hardening.',
    team: 'security',
    base: { pipeline: 'al2023-base' },
    components: [{ component: 'harden-ssh/1.x.x' }],
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: {
      required: options.required ?? true,
      approvers: options.approvers ?? [ADA, BEN],
      expiresAfter: '3d',
    },
    distribution: { targets: [{ account: '444455556666', regions: ['eu-west-1', 'us-east-1'] }] },
  });

  const at = clock.now().toISOString();
  const bake: BakeRecord = {
    id: BAKE,
    pipeline: 'hardened',
    revision: 1,
    channel: 'stable',
    bits: 'b'.repeat(64),
    proof: 'c'.repeat(64),
    lock: {
      base: {
        key: 'pipeline:al2023-base/stable',
        selector: { kind: 'pipeline', pipeline: 'al2023-base', channel: 'stable' },
        version: 'ami-0aaaaaaaaaaaaaaaa',
      },
      components: [
        {
          key: `component:${arn('harden-ssh/1.x.x')}`,
          selector: { kind: 'component', arn: arn('harden-ssh/1.x.x') },
          version: arn('harden-ssh/1.1.0/1'),
        },
      ],
      inputs: [],
      tests: [],
    },
    startsAt: 'Build',
    reason: 'Component harden-ssh moved from 1.0.0/1 to 1.1.0/1.',
    changes: [CAUSE],
    causes: [CAUSE],
    ...(options.requestedBy === undefined ? {} : { requestedBy: options.requestedBy }),
    attempt: 1,
    state: 'gating',
    createdAt: at,
  };
  const rows: Item[] = [
    { ...keys.bake(BAKE), ...bake },
    { ...keys.attempt(BAKE, 1), bake: BAKE, attempt: 1, state: 'gating', startedAt: at },
    {
      ...keys.revision('hardened', 1),
      pipeline: 'hardened',
      revision: 1,
      definition,
      selectors: {
        base: { kind: 'pipeline', pipeline: 'al2023-base', channel: 'stable' },
        components: [{ kind: 'component', arn: arn('harden-ssh/1.x.x') }],
      },
      digest: 'd',
      appliedBy: 'arn:aws:iam::111122223333:root',
      appliedAt: at,
    },
    {
      ...keys.change(CAUSE),
      id: CAUSE,
      selector: `component:${arn('harden-ssh/1.x.x')}`,
      from: arn('harden-ssh/1.0.0/1'),
      to: arn('harden-ssh/1.1.0/1'),
      at,
      cause: CAUSE,
      fanOut: 'done',
    },
    { ...toArtifactItem(BAKE, 1, ARTIFACT.imageId), inventory: 'bakes/new/inventory.json' },
    {
      ...keys.test(BAKE, 1, 'x86-64', 't3.small'),
      bake: BAKE,
      attempt: 1,
      variant: 'x86-64',
      instanceType: 't3.small',
      results: [{ suite: 'boots', status: 'passed', exitCode: 0, excerpt: 'systemd is running' }],
    },
    {
      ...keys.step(BAKE, 1, 'Gate'),
      bake: BAKE,
      attempt: 1,
      name: 'Gate',
      state: 'succeeded',
      startedAt: at,
      summary: 'All gates are open',
    },
    {
      ...keys.gate(BAKE, 1, 'tests'),
      bake: BAKE,
      attempt: 1,
      name: 'tests',
      outcome: 'passed',
      reasons: ['all tests have passed'],
      judgedAt: at,
      evidence: 'bakes/new/gates/001/tests.json',
      evidenceDigest: 'd',
    },
  ];

  return {
    ...deps,
    definition,
    pages: createApprovalPages(deps),
    async fill() {
      await table.write(rows.map((put) => ({ put })));
      await documents.put(
        'bakes/new/inventory.json',
        JSON.stringify({ image: 'ami-0bbbbbbbbbbbbbbbb', packages: [{ name: 'audit', version: '3.1.5' }] }),
        'application/json',
      );
    },
    async request(attempt = 1) {
      return requestApproval(deps, { bake: BAKE, attempt });
    },
    findLink(approver: string): string {
      const mail = notifier.asked.findLast((entry) => entry.approver === approver);
      const link = /https?:\S+\/approvals\/\S+/.exec(mail?.message.text ?? '')?.[0];
      if (link === undefined) throw new Error(`${approver} got no link.`);
      return link;
    },
  };
}
export type ApprovalWorld = ReturnType<typeof approvalWorld>;

function memoryDocuments(): Documents {
  const texts = new Map<string, string>();
  return {
    async put(key, body) {
      texts.set(key, body);
    },
    async get(key) {
      return texts.get(key);
    },
  };
}
