/**
 * Rules on the default bus hear of the whole account. Each names what is ours or was chosen, or has a reason here why the account cannot flood it:
 * every event that matches is a message, a part of a function call and a read.
 */
import { describe, expect, it } from '@jest/globals';
import { listResources } from './packaged.ts';

/** What bounds a rule that names nothing of ours, by the quota of AWS that does it. */
const BOUNDS: Readonly<Record<string, string>> = {
  ImageAvailableRule: 'builds of Image Builder: 100 at once in an account and region',
  ComponentCreatedRule:
    'components of Image Builder: made by people and pipelines, 1,000 in an account and region',
  AmiChangedRule:
    'images of EC2, here and in accounts that the policy of the bus lets in: calls that make and end them are throttled to few a second',
  ImageEndedRule:
    'images of EC2: made by CreateImage, CopyImage and RegisterImage, which are throttled to few a second',
  ContainerPushedRule: 'pushes to Amazon ECR: PutImage is throttled to 10 a second, and images are built',
  ParameterChangedRule:
    'PutParameter: 3 a second unless the account pays for more; ParameterPrefixes narrows it',
  VulnerabilityFoundRule: 'findings with a fix about packages; each is told once, and again when it changes',
};

const OURS = /ovenbird|111122223333|our-sources/;

describe('a rule on the default bus', () => {
  const rules = listResources('AWS::Events::Rule').filter(
    ({ properties }) => properties.EventPattern !== undefined && properties.EventBusName === undefined,
  );

  it('names what is ours, or what was chosen, or has a bound', () => {
    const open = rules
      .filter(({ properties }) => !OURS.test(JSON.stringify(properties.EventPattern)))
      .map(({ id }) => id);

    expect(rules.length).toBeGreaterThan(5);
    expect(open.sort()).toEqual(Object.keys(BOUNDS).sort());
  });

  it('hears of no instance and no command: none of their events names anything of ours', () => {
    const heard = rules.flatMap(({ properties }) => JSON.stringify(properties.EventPattern));

    expect(heard.filter((pattern) => /Instance State-change|Command Status-change/.test(pattern))).toEqual(
      [],
    );
  });
});
