import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toMermaid } from '../../cli/commands/mermaid.ts';
import { GraphSchema } from '../../shared/domain/api/explanation.ts';
import { showGraph } from '../../shared/use-cases/queries/show-graph.ts';
import { ami, BASE_PARAMETER, type ReconcileWorld, reconcileWorld } from '../support/reconcile-world.ts';
import { serveWorld } from '../support/serve-world.ts';
import { ovenbird } from './run.ts';

const BASE = `ssm:eu-west-1:${BASE_PARAMETER}`;
let world: ReconcileWorld;

beforeEach(async () => {
  world = reconcileWorld({ pageSize: 3 });
  world.publishComponent('web-server', '1.0.0');
  world.publishComponent('smoke', '1.0.0');
  await world.apply({ name: 'base', base: BASE_PARAMETER });
  await world.apply({ name: 'hardened', base: 'base' });
  await world.apply({ name: 'web', base: 'hardened', components: ['web-server/1.x.x'] });
  await world.apply({
    name: 'batch',
    base: 'hardened',
    more: {
      tests: { suites: [{ name: 'boots', script: 'true' }], components: [{ component: 'smoke/1.x.x' }] },
    },
  });
  await world.apply({ name: 'other', base: BASE_PARAMETER });
  for (let rounds = 0; rounds < 5; rounds += 1) {
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.release(id);
  }
  await world.runUntilIdle();
});
const closing: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** What mermaid's flowchart grammar takes, of which we use little. */
const LINES = [
  /^flowchart LR$/,
  /^ {2}n\d+(?:\["[^"\n\\`<>]*"\]|\(\["[^"\n\\`<>]*"\]\)|\[\("[^"\n\\`<>]*"\)\])$/,
  /^ {2}n\d+ (?:-->|-\.->) n\d+$/,
  /^ {2}classDef [a-z]+ (?:[a-z]+:#[0-9a-f]{6},?)+$/,
  /^ {2}class n\d+ [a-z]+$/,
];
function check(lines: readonly string[]): void {
  for (const line of lines) expect(LINES.some((pattern) => pattern.test(line)) ? '' : line).toBe('');
  const declared = new Set(lines.flatMap((line) => /^ {2}(n\d+)[[(]/.exec(line)?.[1] ?? []));
  for (const line of lines.filter((entry) => !/^ {2}n\d+[[(]/.test(entry)))
    for (const name of line.match(/\bn\d+\b/g) ?? []) expect(declared).toContain(name);
}

async function run(...args: string[]) {
  const service = await serveWorld(world);
  closing.push(service.close);
  return { ...(await ovenbird(['graph', ...args], { url: service.url })), calls: service.calls };
}

/** Of all pages: one has three pipelines here. */
async function staleNames(): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await showGraph(world.ports, { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.nodes.flatMap(({ id, stale }) => (stale === true ? [id] : [])));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return names;
}

describe('ovenbird graph', () => {
  it('prints mermaid of everything, page by page, with what is stale and what is baking', async () => {
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE);
    await world.runUntilIdle();

    const { code, stdout, calls } = await run();

    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(calls.length).toBeGreaterThan(1);
    check(lines);
    expect(stdout).toContain('["base (baking, stale)"]');
    expect(stdout).toContain('["hardened"]');
    expect(stdout).toContain('(["component web-server/1.x.x"])');
    expect(stdout).toContain(`[("parameter ${BASE_PARAMETER}")]`);
    expect(stdout).toContain('-.->');
    expect(lines.filter((line) => line.includes('parameter'))).toHaveLength(1);
  });

  it('shows what is above or below one pipeline', async () => {
    const above = GraphSchema.parse(JSON.parse((await run('--upstream', 'web', '--json')).stdout));
    const below = GraphSchema.parse(JSON.parse((await run('--downstream', 'hardened', '--json')).stdout));
    const names = (graph: typeof above) =>
      graph.nodes.flatMap(({ id, kind }) => (kind === 'pipeline' ? [id] : [])).sort();

    expect(names(above)).toEqual(['base', 'hardened', 'web']);
    expect(above.edges).toContainEqual({ from: BASE, to: 'base', as: 'base' });
    expect(names(below)).toEqual(['batch', 'hardened', 'web']);
    expect(below.edges).toContainEqual({ from: 'hardened', to: 'web', as: 'base' });
    expect(below.edges.map(({ from }) => from)).not.toContain('base');
  });

  it('does not know a pipeline that is not there', async () => {
    expect(await run('--upstream', 'nobody')).toMatchObject({ code: 3, stdout: '' });
  });

  it('marks as stale whose release is not in a target that is new', async () => {
    const targets = [{ account: '444455556666', regions: ['eu-west-1'] }];
    await world.apply({
      name: 'other',
      base: BASE_PARAMETER,
      triggers: { mode: 'manual' },
      more: { distribution: { targets } },
    });
    await world.runUntilIdle();

    expect(world.status('other')?.decision?.kind).toBe('hold');
    expect(await staleNames()).toEqual(['other']);
  });

  it('marks no pipeline as stale that was refused, pinned or disabled', async () => {
    await world.apply({ name: 'other', base: BASE_PARAMETER, more: { lifecycle: { pinned: true } } });
    world.parameters.set(BASE_PARAMETER, ami(2));
    await world.detect(BASE);
    await world.runUntilIdle();
    for (const { id } of world.running()) await world.fail(id, 'ApprovalRejected', 'No.');

    expect(await staleNames()).toEqual([]);
  });
});

describe('mermaid text', () => {
  it('is valid whatever the names hold', () => {
    const ids = ['packages:apt:https://x/y#a,b', 'source:b/a "quoted" [x] {y} |z|', 'lookup:<b>&`end`;%%'];
    const nodes = ids.map((id) => ({ id, kind: 'source' as const }));

    const lines = toMermaid({ nodes, edges: [{ from: ids[0] ?? '', to: ids[1] ?? '', as: 'base' }] });

    check(lines);
    expect(lines.join('\n')).toContain('#34;quoted#34;');
  });
});
