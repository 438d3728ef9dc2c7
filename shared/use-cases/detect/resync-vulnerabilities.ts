/**
 * One page of all findings: what an event that never came would have told. The next page is asked for by a message, so that no run takes longer
 * the more there are.
 */
import type { ChangeRecord } from '../../domain/records/selectors.ts';
import type { FindingHints } from '../../ports/vulnerabilities.ts';
import { type DetectVulnerabilitiesDeps, detectVulnerabilities } from './detect-vulnerability.ts';

export interface ResyncVulnerabilitiesDeps extends DetectVulnerabilitiesDeps {
  readonly findingHints: Pick<FindingHints, 'sendPage'>;
}

export async function resyncVulnerabilities(
  deps: ResyncVulnerabilitiesDeps,
  after: string | undefined,
): Promise<{ readonly changes: readonly ChangeRecord[]; readonly refused?: string }> {
  const page = await deps.findings.list(after);
  if (page.refused !== undefined) return { changes: [], refused: page.refused };
  const changes = await detectVulnerabilities(deps, page.findings);
  if (page.cursor !== undefined) await deps.findingHints.sendPage(page.cursor);
  return { changes };
}
