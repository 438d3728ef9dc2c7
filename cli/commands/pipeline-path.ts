import { CommandFailed, EXIT } from '../exit.ts';
import type { CommandContext } from './context.ts';

/** The pipeline's path in the API: its team is that of --team, else it is looked up. */
export async function findPipelinePath(
  { team, api }: CommandContext,
  name: string,
): Promise<{ readonly team: string; readonly name: string }> {
  if (team !== undefined) return { team, name };
  const client = await api();
  const found = await client.call('findTeam', { query: { pipeline: name } }).catch((error: unknown) => {
    if (!(error instanceof CommandFailed) || error.exitCode !== EXIT.failed) throw error;
    const message = `${error.message} Or name the team of ${name}: --team TEAM`;
    throw new CommandFailed(error.exitCode, message, [], { cause: error });
  });
  return { team: found.team, name };
}
