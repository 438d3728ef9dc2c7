import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExplanationSchema } from '../../shared/domain/api/explanation.ts';
import { disablePipeline } from '../../shared/use-cases/definitions/disable-pipeline.ts';
import { ami, BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../support/reconcile-world.ts';
import { serveWorld } from '../support/serve-world.ts';
import { ovenbird } from './run.ts';

const TOPIC = `ssm:eu-west-1:${BASE_PARAMETER}`;
let world: ReconcileWorld;
let service: Awaited<ReturnType<typeof serveWorld>>;

beforeEach(async () => {
  world = reconcileWorld();
  world.publishComponent('web-server', '1.0.0');
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.apply({ name: 'hardened', base: 'base' });
  await world.apply({
    name: 'a-web-server-with-a-name-of-forty-letter',
    base: 'hardened',
    components: ['web-server/1.x.x'],
  });
  await releaseAll();
  service = await serveWorld(world);
});
afterEach(async () => {
  await service.close();
});

const WEB = 'a-web-server-with-a-name-of-forty-letter';

async function releaseAll(): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds += 1) {
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.release(id);
    if (world.running().length === 0 && world.reconcileRequests.length === 0 && world.hints.length === 0)
      return;
  }
}

async function runExplain(name: string): Promise<string> {
  const { code, stdout } = await ovenbird(['explain', name], { url: service.url });
  expect(code).toBe(0);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  return stdout;
}

describe('ovenbird explain', () => {
  it('tells a bake from the first change down, over the bakes in between', async () => {
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(TOPIC);
    await releaseAll();

    const text = await runExplain(WEB);

    const [base, hardened, web] = ['base', 'hardened', WEB].map((name) => world.bakes(name).at(-1)?.id);
    const order = [
      `parameter ${BASE_PARAMETER}: ${ami(1)} ->`,
      `-> bake ${base} of base`,
      '-> pipeline base: ',
      `-> bake ${hardened} of hardened`,
      '-> pipeline hardened: ',
      `-> bake ${web}`,
    ].map((part) => text.indexOf(part));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(text).toContain('has exactly what is wanted');
  });

  it('names what holds a pipeline, what would end it, and what to type', async () => {
    await disablePipeline(world.ports, { pipeline: WEB, by: 'anna', reason: 'It waits for the new kernel.' });
    world.publishComponent('web-server', '1.1.0');
    await world.detect('arn:aws:imagebuilder:eu-west-1:111122223333:component/web-server');
    await world.runUntilIdle();

    const text = await runExplain(WEB);

    expect(text).toContain('It waits for the new kernel.');
    expect(text).toContain('It bakes once it is enabled:');
    expect(text).toContain(`ovenbird enable ${WEB}`);
    expect(text).toMatch(/Pending changes\n {2}component web-server\/1\.x\.x: 1\.0\.0\/1 -> 1\.1\.0\/1/);
  });

  it('prints the body of the API with --json', async () => {
    const { stdout } = await ovenbird(['explain', 'hardened', '--json'], { url: service.url });

    const explanation = ExplanationSchema.parse(JSON.parse(stdout));
    expect(explanation).toMatchObject({
      pipeline: 'hardened',
      state: 'current',
      decision: {
        kind: 'up-to-date',
        reasons: [{ code: 'up-to-date', remedies: [{}, { condition: 'force' }] }],
      },
    });
    expect(explanation.last?.chains.map((chain) => chain.map(({ kind }) => kind))).toContainEqual([
      'change',
      'bake',
      'change',
    ]);
  });

  it('ends with 3 for a pipeline that is not there', async () => {
    expect((await ovenbird(['explain', 'nobody'], { url: service.url })).code).toBe(3);
  });
});
