import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { differences } from '../cloud/verify-report.ts';
import { type PlayedScenario, playScenario, scenarioFile } from '../support/play-scenario.ts';

describe('retained images', () => {
  let played: PlayedScenario;
  beforeAll(async () => {
    played = await playScenario(scenarioFile('short/retained.yml'), 400);
  }, 420_000);
  afterAll(() => played?.stop());

  /** The steps that were done, of each bake of a pipeline in its order. */
  const done = (name: string) =>
    played.report.bakes
      .filter(({ pipeline }) => pipeline === name)
      .map(({ steps }) => steps.filter(({ state }) => state === 'succeeded').map((step) => step.name));

  it('end as the scenario expects', () => {
    expect(played.report.expectations.filter(({ held }) => !held)).toEqual([]);
  });

  it('go through the steps that are new to them, and no others', () => {
    const all = ['Preflight', 'Build', 'Test', 'Gate', 'Approve', 'Distribute', 'Release'];
    expect(done('short-retained')).toEqual([
      all,
      ['Preflight', 'Test', 'Gate', 'Approve', 'Distribute', 'Release'],
      ['Preflight', 'Approve', 'Distribute', 'Release'],
      all,
      ['Preflight', 'Distribute', 'Release'],
    ]);
  });

  it('let the images on top of them be when they are tested or go further, and take them along when they are pointed to again', () => {
    const [first, second, third, ...more] = done('short-retained-child');
    expect([first, second]).toEqual([
      expect.arrayContaining(['Build', 'Test']),
      expect.arrayContaining(['Build', 'Test']),
    ]);
    expect(third).toEqual(['Preflight', 'Distribute', 'Release']);
    expect(more).toEqual([]);
  });

  it('leave in AWS what the report says', async () => {
    const control = { account: '111122223333', region: 'eu-west-1' };
    expect(await differences({ report: played.report, endpoint: played.endpoint, control })).toEqual([]);
  });
});
