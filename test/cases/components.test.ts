import { beforeEach, describe, expect, it } from '@jest/globals';
import { keys } from '../../shared/domain/base/naming.ts';
import type { ComponentFacts } from '../../shared/domain/definitions/components.ts';
import { AttemptRecordSchema } from '../../shared/domain/records/bakes.ts';
import { BAKE, bakeWorld } from '../support/bake-world.ts';
import { componentArn, type ReconcileWorld } from '../support/reconcile-world.ts';
import { applyInput, inputWorld } from './inputs.ts';

const FILE = 'misspelt-parameter/pipeline.yml';
const AGENT = componentArn('case-agent', '1.0.0/1');
const port = (more: object = {}) => ({ name: 'Port', type: 'string', hasDefault: true, ...more });
const facts = (...parameters: ComponentFacts['parameters']): ComponentFacts => ({
  platform: 'Linux',
  parameters,
});

let world: ReconcileWorld;
beforeEach(() => {
  world = inputWorld();
  world.publishComponent('case-agent', '1.0.0');
});

/** What apply finds when the component is given these parameters, as a component to build and as one to test. */
async function applyWith(parameters: Record<string, string | string[]> | undefined) {
  const component = { component: 'case-agent/1.x.x', ...(parameters === undefined ? {} : { parameters }) };
  const build = await applyInput(world, FILE, (definition) => ({ ...definition, components: [component] }));
  const tests = await applyInput(world, FILE, (definition) => ({
    ...definition,
    components: [],
    tests: { ...definition.tests, components: [component] },
  }));
  expect(tests).toEqual(build.map((problem) => ({ ...problem, field: `tests.${problem.field}` })));
  return build;
}

describe('parameters that a component does not take are refused by apply', () => {
  it('where the component has none of that name', async () => {
    world.componentFacts.set(AGENT, facts(port()));

    expect(await applyInput(world, FILE)).toEqual([
      {
        field: 'components[0].parameters.Prot',
        message: 'is no parameter of case-agent/1.0.0/1',
        fix: 'Did you mean Port?',
      },
    ]);
    expect(world.changes()).toEqual([]);
    expect(await applyWith({ Port: '9090' })).toEqual([]);
  });

  it('where the component has others', async () => {
    world.componentFacts.set(AGENT, facts(port(), port({ name: 'User' })));

    expect(await applyWith({ Colour: 'red' })).toMatchObject([
      { fix: 'Remove it; the component has 2 parameters: Port and User' },
    ]);
    world.componentFacts.set(AGENT, facts());
    expect(await applyWith({ Colour: 'red' })).toMatchObject([{ fix: 'Remove it: the component has none.' }]);
  });

  it('where one without a default is missing', async () => {
    world.componentFacts.set(AGENT, facts(port({ hasDefault: false })));

    expect(await applyWith(undefined)).toMatchObject([
      {
        field: 'components[0].parameters',
        message: 'lacks Port, for which case-agent/1.0.0/1 has no default',
      },
    ]);
  });

  it('where a list stands for a text', async () => {
    world.componentFacts.set(AGENT, facts(port()));

    expect(await applyWith({ Port: ['80', '81'] })).toMatchObject([
      { field: 'components[0].parameters.Port', message: expect.stringContaining('is a list of 2') },
    ]);
    expect(await applyWith({ Port: ['80'] })).toEqual([]);
  });

  it('where the component is for another system', async () => {
    world.componentFacts.set(AGENT, { ...facts(port()), platform: 'Windows' });

    expect(await applyWith({ Port: '80' })).toMatchObject([
      { field: 'components[0].component', message: 'case-agent/1.0.0/1 is for Windows; images are Linux' },
    ]);
  });
});

it('the preflight finds that a newer version has lost or renamed a parameter', async () => {
  const bake = bakeWorld();
  await bake.fill();
  // The definition gives `port`.
  bake.componentFacts.set(
    'arn:aws:imagebuilder:eu-west-1:111122223333:component/nginx/1.2.0/1',
    facts(port()),
  );

  await bake.run('bake');

  const { failure } = AttemptRecordSchema.parse(await bake.table.get(keys.attempt(BAKE, 1)));
  expect(failure?.reason).toContain(
    'components[0].parameters.port: is no parameter of nginx/1.2.0/1. Did you mean Port?',
  );
  expect(bake.engine.started.size).toBe(0);
});
