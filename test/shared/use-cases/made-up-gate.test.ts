/** A gate that is in no file of the product but the registries, from the definition to what approvers are shown. */
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { keys } from '../../../shared/domain/base/naming.ts';
import { LONGEST_WAIT_SECONDS } from '../../../shared/domain/gates/gate.ts';
import { AttemptRecordSchema } from '../../../shared/domain/records/bakes.ts';
import { GateRecordSchema } from '../../../shared/domain/records/gates.ts';
import {
  LOOK_SECONDS,
  type ScanFacts,
  scanCollector,
  scanGate,
  scanner,
} from '../../support/made-up/scan-gate.ts';

type Support = typeof import('../../support/bake-world.ts');
type Approval = typeof import('../../../shared/use-cases/approval/gather-evidence.ts');
type Pipelines = typeof import('../../../shared/domain/records/pipelines.ts');
type Gates = typeof import('../../../shared/use-cases/gates/evaluate-gates.ts');

let support: Support;
let approval: Approval;
let gates: Gates;
let pipelines: Pipelines;
let w: ReturnType<Support['bakeWorld']>;

beforeAll(async () => {
  // jest.mock is not hoisted here: whatever reads the registries is loaded after it.
  jest.resetModules();
  jest.mock('../../../shared/domain/gates/registry.ts', () => {
    const { GATES } = jest.requireActual<typeof import('../../../shared/domain/gates/registry.ts')>(
      '../../../shared/domain/gates/registry.ts',
    );
    return { GATES: [...GATES, scanGate] };
  });
  jest.mock('../../../shared/use-cases/gates/collectors.ts', () => {
    const { COLLECTORS } = jest.requireActual<typeof import('../../../shared/use-cases/gates/collectors.ts')>(
      '../../../shared/use-cases/gates/collectors.ts',
    );
    return { COLLECTORS: { ...COLLECTORS, scan: scanCollector } };
  });
  support = await import('../../support/bake-world.ts');
  approval = await import('../../../shared/use-cases/approval/gather-evidence.ts');
  pipelines = await import('../../../shared/domain/records/pipelines.ts');
  gates = await import('../../../shared/use-cases/gates/evaluate-gates.ts');
});

async function start(facts: ScanFacts, settings: object = {}): Promise<void> {
  scanner.facts = facts;
  scanner.asked.length = 0;
  w = support.bakeWorld({
    gates: { packages: { require: ['nginx'], forbid: ['telnet'] }, ...settings },
  });
  await w.fill();
  support.allGoesWell(w);
}

/** Everything goes well, and `act` happens while the gates wait. */
function whileGatesWait(act: () => void): void {
  support.whileWaiting(w, ({ kind, resource }) => {
    if (kind === 'image')
      w.engine.set(resource, { state: 'available', artifact: w.makeArtifact(), log: '/log' });
    if (kind === 'instance') w.instances.ready(resource);
    if (kind === 'command') w.commands.answer(resource, { stdout: 'fine' });
    if (kind === 'gates') act();
  });
}

const verdict = async (name: string) =>
  GateRecordSchema.parse(await w.table.get(keys.gate(support.BAKE, 1, name)));
const failure = async () =>
  AttemptRecordSchema.parse(await w.table.get(keys.attempt(support.BAKE, 1))).failure;

describe('a made-up gate', () => {
  beforeEach(() => start({ ended: false, found: [] }));

  it('waits, is asked again, and passes with evidence of its own', async () => {
    whileGatesWait(() => {
      w.clock.forward(LOOK_SECONDS);
      scanner.facts = { ended: true, found: [] };
    });

    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect(run.path.filter((state) => state.endsWith('gates'))).toEqual([
      'Evaluate gates',
      'Wait for gates',
      'Evaluate gates',
    ]);
    const scan = await verdict('scan');
    expect(scan).toMatchObject({ outcome: 'passed', reasons: ['the scan found nothing'] });
    expect(JSON.parse(w.documents.texts.get(scan.evidence ?? '') ?? '')).toEqual({ found: [], ignore: [] });
  });

  it('is shown to approvers beside the others', async () => {
    await start({ ended: true, found: [] });
    await w.run('bake');

    const revision = pipelines.RevisionRecordSchema.parse(await w.table.get(keys.revision('web', 1)));
    const evidence = await approval.gatherEvidence(w, support.REF, w.bake, revision);
    expect(evidence.gates.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['packages', 'passed'],
      ['scan', 'passed'],
      ['tests', 'passed'],
    ]);
  });

  it('is told of the images of the attempt', async () => {
    await start({ ended: true, found: [] });
    await w.run('bake');

    expect(scanner.asked).toMatchObject([
      { ...support.REF, images: [{ variant: 'x86-64', verdict: 'passed' }] },
    ]);
  });

  it('is configured in a definition, and only in its own form', async () => {
    await start({ ended: true, found: ['CVE-1'] }, { scan: { ignore: ['CVE-1'] } });
    const run = await w.run('bake');

    expect(run.status).toBe('SUCCEEDED');
    expect(() => support.bakeWorld({ gates: { scan: { ignored: [] } } })).toThrow();
  });

  it('closes the gate together with the others, with the reasons of all', async () => {
    await start({ ended: true, found: ['CVE-1', 'CVE-2'] });
    w.commands.packages = [{ name: 'bash', version: '5.2' }];

    await w.run('bake');

    expect(await failure()).toMatchObject({
      step: 'Gate',
      name: 'GateClosed',
      reason: 'x86-64: required package nginx is not installed; the scan found CVE-1; the scan found CVE-2',
    });
    expect(w.leftBehind()).toEqual([]);
  });

  it('is not waited for when another gate has failed', async () => {
    w.commands.packages = [{ name: 'bash', version: '5.2' }];

    const run = await w.run('bake');

    expect(run.path).not.toContain('Wait for gates');
    expect(await verdict('scan')).toMatchObject({ outcome: 'waiting' });
    expect((await failure())?.reason).toBe('x86-64: required package nginx is not installed');
  });

  it('has failed when it gives no verdict in time', async () => {
    whileGatesWait(() => w.clock.forward(LONGEST_WAIT_SECONDS / 4));

    await w.run('bake');

    expect((await failure())?.reason).toBe('the scan has not ended; it has given no verdict within 24 hours');
  });

  it('keeps the verdict that it gave when it is asked again', async () => {
    await start({ ended: true, found: [] });
    const again: unknown[] = [];

    await w.run('bake', {
      'Evaluate gates': async () => {
        const first = await gates.evaluateGates(w, support.REF);
        const rows = structuredClone(w.table.items());
        scanner.facts = { ended: true, found: ['CVE-1'] };
        again.push(await gates.evaluateGates(w, support.REF));
        expect(again).toEqual([first]);
        expect(w.table.items()).toEqual(rows);
        return first;
      },
    });

    expect(again).toHaveLength(1);
  });
});
