/** `graph`: which pipeline is built on what, as mermaid text or as data. */
import type { Graph } from '../../shared/domain/api/explanation.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CommandContext } from './context.ts';
import { toMermaid } from './mermaid.ts';

export interface GraphOptions {
  readonly upstream?: string;
  readonly downstream?: string;
}

export async function graph({ out, api }: CommandContext, options: GraphOptions): Promise<ExitCode> {
  const client = await api();
  const nodes = new Map<string, Graph['nodes'][number]>();
  const edges: Graph['edges'] = [];
  let cursor: string | undefined;
  let truncated = false;
  do {
    const page = await client.call('showGraph', {
      query: { upstream: options.upstream, downstream: options.downstream, limit: 100, cursor },
    });
    // A component may be on several pages.
    for (const node of page.nodes) nodes.set(node.id, node);
    edges.push(...page.edges);
    truncated ||= page.truncated;
    cursor = page.cursor;
  } while (cursor !== undefined);
  const whole = { nodes: [...nodes.values()], edges };
  out.emit({ ...whole, truncated });
  out.print(toMermaid(whole));
  if (truncated) out.remark(`Only the nearest ${nodes.size} are shown; there are more.`);
  return EXIT.ok;
}
