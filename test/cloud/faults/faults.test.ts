/** Bad input and faults, on one deployment in the local cloud. What belongs to one topic is in a file of its own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isDenied } from '../../../local/scenario/report.ts';
import { type DeployedCloud, deployCloud } from '../../support/deployed-cloud.ts';
import { testBadInput } from './bad-input.ts';
import { testCancelling } from './cancelling.ts';
import { testCrashes } from './crashes.ts';
import { testEvents } from './events.ts';
import { testFailures } from './failures.ts';
import { FaultHarness, prepareSharedInputs } from './harness.ts';
import { testLinks } from './links.ts';

let deployed: DeployedCloud;
let harness: FaultHarness;
const getHarness = () => harness;

beforeAll(async () => {
  deployed = await deployCloud({ speed: 600 });
  harness = new FaultHarness(deployed);
  await prepareSharedInputs(harness);
});
afterAll(() => deployed?.stop());

// Tests of one group run beside each other, group after group.
describe('bad input and bad luck', () => {
  testBadInput(getHarness);
  testLinks(getHarness);
  testFailures(getHarness);
});
describe('cancelling', () => testCancelling(getHarness));
describe('events', () => testEvents(getHarness));
describe('crashes', () => testCrashes(getHarness));
describe('after all of it', () => {
  it('nothing is left behind, nothing runs, and no role lacked a permission', async () => {
    expect(await getHarness().findLeftovers()).toEqual([]);
    // The role of an account that does not exist is tried, and that is said.
    const denied = (await getHarness().calls())
      .filter(isDenied)
      .map(({ principal, operation }) => `${principal.split('/').at(-1)} ${operation}`)
      .filter((call) => !/(?:check-preflight|open-targets) AssumeRole$/.test(call));
    expect(denied).toEqual([]);
  });
});
