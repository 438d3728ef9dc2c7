import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { differences } from '../cloud/verify-report.ts';
import { type PlayedScenario, playScenario, scenarioFile } from '../support/play-scenario.ts';

describe('a rough day', () => {
  let played: PlayedScenario;
  beforeAll(async () => {
    played = await playScenario(scenarioFile('golden-images/rough-day.yml'), 500);
  }, 520_000);
  afterAll(() => played?.stop());

  it('ends as the rules say', () => {
    expect(played.report.expectations.filter(({ held }) => !held)).toEqual([]);
  });

  it('replaces the bake that waited for approval by one with the newer component', () => {
    const states = played.report.bakes
      .filter(({ pipeline }) => pipeline === 'hardened')
      .map(({ state }) => state);
    expect(states).toEqual(['superseded', 'released']);
  });

  it('has decided nothing where only a scanner opened the link', () => {
    const superseded = played.report.bakes.find(({ state }) => state === 'superseded');
    const approval = played.report.approvals.find(({ bake }) => bake === superseded?.id);
    expect(approval).toMatchObject({ by: null, state: 'void' });
    expect(approval?.scanned).toBeGreaterThan(0);
  });

  it('leaves in AWS what the report says', async () => {
    const control = { account: '111122223333', region: 'eu-west-1' };
    expect(await differences({ report: played.report, endpoint: played.endpoint, control })).toEqual([]);
  });
});
