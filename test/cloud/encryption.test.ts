/** Accounts that encrypt volumes by default, with the key of AWS or with one of their own, and keys that targets choose. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { play, type ScenarioPlay } from '../support/play.ts';
import { openWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());

const readReason = ({ observation }: ScenarioPlay) =>
  observation.bakes.at(-1)?.attempts.at(-1)?.failure?.reason ?? '';

it('a build is refused where volumes are encrypted with aws/ebs and a target is another account', async () => {
  const played = await play(world, 'aws-key');

  expect(played.unmet).toEqual([]);
  expect(readReason(played)).toContain('aws ec2 modify-ebs-default-kms-key-id --region eu-west-1');
});

it('a build is refused under a key whose policy does not let the target in, with the statement', async () => {
  const played = await play(world, 'own-key');

  expect(played.unmet).toEqual([]);
  expect(readReason(played)).toContain('"Principal":{"AWS":["arn:aws:iam::444455556666:root"]}');
});

it('an image under a build key is tested, copied, shared across regions, and started by whom the keys let in', async () => {
  const played = await play(world, 'encrypted');

  expect(played.unmet).toEqual([]);
  expect(played.launches.map(({ as, region, state }) => ({ as, region, state }))).toEqual([
    { as: 'auto-scaling', region: 'eu-west-1', state: 'running' },
    { as: 'spot', region: 'eu-west-1', state: 'running' },
    { as: 'arn:aws:iam::444455556666:root', region: 'eu-central-1', state: 'running' },
    { as: 'auto-scaling', region: 'eu-central-1', state: 'terminated' },
  ]);
});
