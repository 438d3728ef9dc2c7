/** Bad input and faults, on one deployment in the local cloud. What belongs to one topic is in a file of its own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isDenied } from '../../../local/scenario/report.ts';
import { type DeployedCloud, deployCloud } from '../../support/deployed-cloud.ts';
import { badInput } from './bad-input.ts';
import { cancelling } from './cancelling.ts';
import { crashes } from './crashes.ts';
import { events } from './events.ts';
import { failures } from './failures.ts';
import { links } from './links.ts';
import { furnish, Oven } from './oven.ts';

let deployed: DeployedCloud;
let kitchen: Oven;
const oven = () => kitchen;

beforeAll(async () => {
  deployed = await deployCloud({ speed: 600 });
  kitchen = new Oven(deployed);
  await furnish(kitchen);
});
afterAll(() => deployed?.stop());

// Tests of one group run beside each other, group after group.
describe('bad input and bad luck', () => {
  badInput(oven);
  links(oven);
  failures(oven);
});
describe('cancelling', () => cancelling(oven));
describe('events', () => events(oven));
describe('crashes', () => crashes(oven));
describe('after all of it', () => {
  it('nothing is left behind, nothing runs, and nobody lacked a permission', async () => {
    expect(await oven().left()).toEqual([]);
    // Preflight tries the role of the account that nobody has, and says so.
    const denied = (await oven().calls())
      .filter(isDenied)
      .map(({ principal, operation }) => `${principal.split('/').at(-1)} ${operation}`)
      .filter((call) => !/check-preflight AssumeRole$/.test(call));
    expect(denied).toEqual([]);
  });
});
