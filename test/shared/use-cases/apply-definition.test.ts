import { describe, expect, it } from '@jest/globals';
import { DependencyCycle, InvalidDefinition } from '../../../shared/domain/base/errors.ts';
import { keys } from '../../../shared/domain/base/naming.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import {
  ami,
  BASE_PARAMETER,
  type PipelineFixture,
  reconcileWorld,
  toDefinition,
} from '../../support/reconcile-world.ts';

async function readProblems(
  applying: Promise<unknown>,
): Promise<readonly { field: string; message: string }[]> {
  try {
    await applying;
  } catch (error) {
    if (error instanceof InvalidDefinition) return error.problems;
    throw error;
  }
  throw new Error('It was taken.');
}

describe('applying a definition', () => {
  it('makes revisions, and none for the same definition again', async () => {
    const world = reconcileWorld();

    const first = await world.apply({ name: 'base', base: BASE_PARAMETER });
    const again = await world.apply({ name: 'base', base: BASE_PARAMETER });
    const second = await world.apply({ name: 'base', base: BASE_PARAMETER, triggers: { mode: 'manual' } });

    expect(first).toMatchObject({ outcome: 'created', revision: 1 });
    expect(again).toMatchObject({ outcome: 'unchanged', revision: 1 });
    expect(second).toMatchObject({ outcome: 'changed', revision: 2 });
    expect(world.changes().map(({ selector }) => selector)).toEqual([
      `ssm:eu-west-1:${BASE_PARAMETER}`,
      'definition:base',
      'definition:base',
    ]);
  });

  it('names every problem with its field', async () => {
    const world = reconcileWorld();

    const problems = await readProblems(
      world.apply({ name: 'web', base: 'nobody', components: ['agents/1.x.x', 'tools/1.x.3'] }),
    );
    const unknown = await readProblems(
      world.apply({ name: 'web', base: 'nobody', components: ['agents/1.x.x'] }),
    );
    const typo = await readProblems(
      applyDefinition(world.ports, {
        definition: { ...toDefinition({ name: 'web', base: '/a' }), bild: {} },
        by: 'x',
      }),
    );

    expect(problems.map(({ field }) => field)).toEqual(['components[1].component']);
    expect(unknown.map(({ field }) => field)).toEqual(['base.pipeline', 'components[0].component']);
    expect(typo[0]?.message).toContain('bild');
  });

  it('refuses a circle with its path', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'one', base: BASE_PARAMETER });
    await world.apply({ name: 'two', base: 'one' });
    await world.apply({ name: 'three', base: 'two' });

    await expect(world.apply({ name: 'one', base: 'three' })).rejects.toThrow('one -> three -> two -> one');
    await expect(world.apply({ name: 'solo', base: 'solo' })).rejects.toBeInstanceOf(DependencyCycle);
  });

  it('lets only one of two applies through that would close a circle together', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'one', base: BASE_PARAMETER });
    await world.apply({ name: 'two', base: BASE_PARAMETER });

    const results = await Promise.allSettled([
      world.apply({ name: 'one', base: 'two' }),
      world.apply({ name: 'two', base: 'one' }),
    ]);

    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a base parameter that a pipeline publishes, from either side', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    world.parameters.set('/mine', 'ami-00000000000000077');
    await world.apply({ name: 'web', base: '/mine' });

    const reads = await readProblems(world.apply({ name: 'app', base: '/ovenbird/base/stable' }));
    const writes = await readProblems(
      world.apply({
        name: 'app',
        base: BASE_PARAMETER,
        more: { distribution: { parameter: '/mine' } },
      }),
    );

    expect(reads[0]).toMatchObject({ field: 'base.ssm', message: expect.stringContaining('pipeline base') });
    expect(writes[0]).toMatchObject({
      field: 'distribution.parameter',
      message: expect.stringContaining('web'),
    });
  });

  it('takes many dependencies, and says when too many change at once', async () => {
    const world = reconcileWorld();
    const many = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => {
        world.publishComponent(`${kind}-${index}`, '1.0.0');
        return `${kind}-${index}/1.x.x`;
      });
    const inputs = Array.from({ length: 20 }, (_, index) => {
      world.parameters.set(`/aws/service/${index}`, ami(index + 10));
      return { ssm: `/aws/service/${index}` };
    });

    const created = await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      components: many('tool', 20),
      more: { inputs },
    });
    const replaced = await readProblems(
      world.apply({
        name: 'base',
        base: BASE_PARAMETER,
        components: many('other', 20),
        more: {
          inputs: inputs.map(({ ssm }) => {
            world.parameters.set(`${ssm}/new`, ami(9));
            return { ssm: `${ssm}/new` };
          }),
        },
      }),
    );

    expect(created.outcome).toBe('created');
    expect(world.changes().map(({ selector }) => selector)).toContain(`ssm:eu-west-1:${BASE_PARAMETER}`);
    expect(replaced[0]?.message).toContain('at once');
  });

  it('forgets the users of selectors that are gone', async () => {
    const world = reconcileWorld();
    world.components.set('agents', '1.0.0');
    await world.apply({ name: 'base', base: BASE_PARAMETER, components: ['agents/1.x.x'] });
    await world.apply({ name: 'base', base: BASE_PARAMETER });

    const topic = world.publishComponent('agents', '1.1.0');
    await world.detect(topic);

    expect(world.changes().filter(({ selector }) => selector.startsWith('component:'))).toHaveLength(1);
    expect(world.status('base')?.changes).toHaveLength(3);
    expect(world.table.peek(keys.selector(`ssm:eu-west-1:${BASE_PARAMETER}`))).toBeDefined();
  });

  it('refuses what others use but is gone, and lets them keep its last version', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    world.parameters.delete(BASE_PARAMETER);
    await world.detect(`ssm:eu-west-1:${BASE_PARAMETER}`);

    await expect(world.apply({ name: 'other', base: BASE_PARAMETER })).rejects.toMatchObject({
      name: 'InvalidDefinition',
      problems: [{ field: 'base.ssm' }],
    });
    const applied = await world.apply({
      name: 'base',
      base: BASE_PARAMETER,
      more: { description: 'Words.' },
    });
    expect(applied).toMatchObject({ outcome: 'changed', notes: [expect.stringContaining('last version')] });
  });

  it('allows a parent that has not released yet, and says so', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });

    const applied = await world.apply({ name: 'web', base: 'base' });

    expect(applied.notes).toEqual(['base has no release yet; the first bake waits for it.']);
  });
});

describe('a schedule', () => {
  const HOUR = 3600;
  const scheduled = (
    expression: string,
    more: NonNullable<PipelineFixture['more']> = {},
  ): PipelineFixture => ({
    name: 'base',
    base: BASE_PARAMETER,
    triggers: { mode: 'schedule', schedule: { expression } },
    more,
  });

  it('remembers since when it counts, until it is another one', async () => {
    const world = reconcileWorld();
    const since = () => world.pipeline('base').spec.schedule?.since;
    const first = world.clock.now().toISOString();
    await world.apply(scheduled('rate(1 day)'));
    world.clock.forward(HOUR);
    await world.apply(scheduled('rate(1 day)', { description: 'other words' }));
    expect(since()).toBe(first);

    world.clock.forward(HOUR);
    const second = world.clock.now().toISOString();
    await world.apply(scheduled('rate(2 days)'));
    expect(since()).toBe(second);

    await world.apply({ name: 'base', base: BASE_PARAMETER });
    world.clock.forward(HOUR);
    await world.apply(scheduled('rate(2 days)'));
    expect(since()).toBe(world.clock.now().toISOString());
  });

  it('is the same definition whenever it is applied', async () => {
    const world = reconcileWorld();
    await world.apply(scheduled('rate(1 day)'));
    const { digest, spec } = world.pipeline('base');
    world.clock.forward(HOUR);
    const again = await world.apply(scheduled('rate(1 day)'));
    const later = reconcileWorld();
    later.clock.forward(HOUR);
    await later.apply(scheduled('rate(1 day)'));

    expect(again.outcome).toBe('unchanged');
    expect(world.pipeline('base').spec).toEqual(spec);
    expect(later.pipeline('base')).toMatchObject({
      digest,
      spec: { definitionDigest: spec.definitionDigest, proof: spec.proof },
    });
  });

  it('that was stored before counts on as it did', async () => {
    const world = reconcileWorld();
    await world.apply(scheduled('rate(1 day)'));
    const { since: _, ...schedule } = world.pipeline('base').spec.schedule ?? {};
    await world.table.write([
      {
        update: keys.pipeline('base'),
        set: { spec: { ...world.pipeline('base').spec, schedule } },
        when: { exists: true },
      },
    ]);
    const ticksHandledUntil = world.status('base')?.ticksHandledUntil;
    world.clock.forward(HOUR);
    await world.apply(scheduled('rate(1 day)', { description: 'other words' }));

    expect(world.pipeline('base').spec.schedule).toEqual(schedule);
    expect(world.status('base')?.ticksHandledUntil).toBe(ticksHandledUntil);
  });
});

describe('a schedule that cannot be meant', () => {
  async function problemOf(expression: string, timeZone = 'Europe/Berlin') {
    const schedule = { expression, timeZone };
    const [problem, ...others] = await readProblems(
      reconcileWorld().apply({
        name: 'base',
        base: BASE_PARAMETER,
        triggers: { mode: 'schedule', schedule },
      }),
    );
    expect(others).toEqual([]);
    return problem;
  }

  it.each(['cron(0 8 31 2 ? *)', 'cron(0 8 1 1 ? 2020)'])(
    'because it never comes: %s',
    async (expression) => {
      expect(await problemOf(expression)).toMatchObject({
        field: 'triggers.schedule.expression',
        message: `${expression} never comes`,
      });
    },
  );

  it.each(['cron(0 8 * * ? *)', 'rate(1 day)'])(
    'because its time zone does not exist: %s',
    async (expression) => {
      expect(await problemOf(expression, 'Mars/Base')).toMatchObject({
        field: 'triggers.schedule.timeZone',
        message: expect.stringContaining('Mars/Base'),
        fix: expect.stringContaining('Europe/Berlin'),
      });
    },
  );

  it('because AWS writes none like it', async () => {
    expect(await problemOf('cron(0 8 1 * MON *)')).toMatchObject({
      field: 'triggers.schedule.expression',
      message: expect.stringContaining('exactly one of them has to be ?'),
      fix: expect.stringContaining('cron(0 8 ? * MON *)'),
    });
  });

  it.each([
    ['rate(1 hours)', 'rate(1 hour)'],
    ['rate(2 day)', 'rate(2 days)'],
    ['rate(90 Minutes)', 'rate(90 minutes)'],
    ['rate(0 days)', 'rate(12 hours)'],
    ['rate(1 week)', 'rate(12 hours)'],
  ])('because the rate is none of AWS: %s', async (expression, meant) => {
    expect(await problemOf(expression)).toMatchObject({
      field: 'triggers.schedule.expression',
      message: expect.stringContaining(meant),
    });
  });

  it('in a freeze neither', async () => {
    const again = { reason: 'Closed', lasts: '2d' };
    const problems = await readProblems(
      reconcileWorld().apply({
        name: 'base',
        base: BASE_PARAMETER,
        triggers: {
          freeze: [
            { ...again, opens: 'cron(0 8 31 2 ? *)' },
            { ...again, opens: 'cron(0 8 * * ? *)', timeZone: 'Mars/Base' },
          ],
        },
      }),
    );

    expect(problems.map(({ field }) => field)).toEqual([
      'triggers.freeze[0].opens',
      'triggers.freeze[1].timeZone',
    ]);
  });
});
