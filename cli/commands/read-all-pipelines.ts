import type { ApiClient } from '../api-client.ts';

/** All pipelines, or those of the team. */
export async function readAllPipelines(api: ApiClient, team: string | undefined) {
  const all = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 100, cursor };
    const page = await (team === undefined
      ? api.call('listPipelines', { query })
      : api.call('listTeamPipelines', { parameters: { team }, query }));
    all.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}
