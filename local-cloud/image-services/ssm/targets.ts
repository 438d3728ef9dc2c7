import type { Nodes } from './nodes.ts';

export interface Target {
  readonly key: string;
  readonly values: readonly string[];
}

/** Ids of the managed instances that match all targets: `InstanceIds`, `tag:<key>` or `tag-key` [M:ssm Target]. */
export const findTargets = async (
  nodes: Nodes,
  location: { account: string; region: string },
  targets: readonly Target[],
): Promise<string[]> => {
  if (targets.length === 0) return [];
  const managed = await nodes.managed(location.account, location.region);
  return managed
    .filter(({ id, tags, state }) =>
      state === 'running'
        ? targets.every(({ key, values }) => {
            if (key === 'InstanceIds') return values.includes(id);
            if (key === 'tag-key') return values.some((value) => Object.hasOwn(tags, value));
            return key.startsWith('tag:') && values.includes(tags[key.slice('tag:'.length)] ?? '');
          })
        : false,
    )
    .map(({ id }) => id);
};
