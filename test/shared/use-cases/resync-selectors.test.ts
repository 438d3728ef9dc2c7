import { describe, expect, it } from '@jest/globals';
import { SELECTOR_SHARDS, selectorShard } from '../../../shared/domain/base/naming.ts';
import { handleHint } from '../../../shared/use-cases/detect/handle-hint.ts';
import { resyncSelectors } from '../../../shared/use-cases/detect/resync-selectors.ts';
import { ami, BASE_PARAMETER, reconcileWorld } from '../../support/reconcile-world.ts';

/** Many pipelines on few parameters, and one on top of each other. */
async function estate(parameters = 30) {
  const world = reconcileWorld({ pageSize: 3 });
  for (let number = 0; number < parameters; number += 1) {
    world.parameters.set(`/base/${number}`, ami(number + 1));
    await world.apply({ name: `image-${number}`, base: `/base/${number}` });
    await world.apply({ name: `twin-${number}`, base: `/base/${number}` });
  }
  await world.apply({ name: 'child', base: 'image-0' });
  await world.runUntilIdle();
  world.hints.length = 0;
  const asked: string[] = [];
  const deps = {
    ...world.ports,
    hintQueue: { send: async (topics: readonly string[]) => void asked.push(...topics) },
  };
  return { world, deps, asked };
}

describe('the resync', () => {
  it('asks for every topic once, however many use it; channels are left out, since each release moves its own selector', async () => {
    const { deps, asked } = await estate();

    const counts = await resyncSelectors(deps);

    expect(counts).toEqual({ selectors: 30, topics: 30, unfinished: 0 });
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.filter((topic) => topic.startsWith('pipeline:'))).toEqual([]);
  });

  it('is the same work in shares', async () => {
    const { deps, asked } = await estate();
    await resyncSelectors(deps);
    const all = asked.splice(0).sort();

    for (const part of [0, 1, 2, 3]) await resyncSelectors(deps, { part, of: 4 });

    expect(asked.sort()).toEqual(all);
  });

  it('stops when it has taken long enough, and the next one goes on from there', async () => {
    const { world, deps, asked } = await estate(60);
    const slow = {
      ...deps,
      table: {
        ...world.table,
        query: async (query: Parameters<typeof world.table.query>[0]) => {
          world.clock.forward(30);
          return world.table.query(query);
        },
      },
    };
    const most = 60;

    let runs = 0;
    for (; new Set(asked).size < most && runs < 50; runs += 1) {
      const began = world.clock.now().getTime();
      await resyncSelectors(slow);
      expect(world.clock.now().getTime() - began).toBeLessThanOrEqual(241_000);
    }

    expect(new Set(asked).size).toBe(most);
    expect(runs).toBeGreaterThan(1);
  });

  it('finds a change that no event told of', async () => {
    const world = reconcileWorld();
    await world.apply({ name: 'base', base: BASE_PARAMETER });
    await world.runUntilIdle();
    world.parameters.set(BASE_PARAMETER, ami(2));

    await world.resync();
    await world.runUntilIdle();

    expect(world.changes().some(({ to }) => to === ami(2))).toBe(true);
  });
});

describe('parts of the selectors', () => {
  it('are of much the same size', () => {
    const sizes = Array.from({ length: SELECTOR_SHARDS }, () => 0);
    for (let number = 0; number < 20_000; number += 1) {
      const shard = selectorShard(`arn:aws:imagebuilder:eu-west-1:111122223333:component/agent-${number}`);
      sizes[shard] = (sizes[shard] ?? 0) + 1;
    }

    expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.3);
  });
});

it('an announcement of AWS asks for the parameters of its family and the lookups of its owner, and for nothing else', async () => {
  const { world, deps, asked } = await estate(3);
  const names = [
    'al2023-ami-kernel-default-x86_64',
    'al2023-ami-kernel-default-arm64',
    'amzn2-ami-hvm-x86_64-gp2',
  ];
  for (const [index, name] of names.entries()) {
    const parameter = `/aws/service/ami-amazon-linux-latest/${name}`;
    world.parameters.set(parameter, ami(50 + index));
    await world.apply({ name: `linux-${index}`, base: parameter });
  }

  await handleHint(deps, {
    Type: 'Notification',
    TopicArn: 'arn:aws:sns:us-east-1:137112412989:amazon-linux-2023-ami-updates',
    Message: 'A new version.',
  });

  expect(asked.sort()).toEqual([
    'lookup:eu-west-1:137112412989',
    'lookup:eu-west-1:amazon',
    'ssm:eu-west-1:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
    'ssm:eu-west-1:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  ]);
});
