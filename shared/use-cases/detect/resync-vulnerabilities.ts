/**
 * Records the changes of one page of all findings, which lost events would have told of. A message asks for the next page, so that the time of a
 * run does not grow with their number.
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
