import type { World } from '../service.ts';
import type { FindingRecord } from './records.ts';

/** The whole finding, its dates written as Inspector writes them [D:inspector/user/eventbridge-integration]. */
export function emitFinding(
  world: World,
  location: { readonly account: string; readonly region: string },
  finding: FindingRecord,
): void {
  world.emit({
    ...location,
    source: 'aws.inspector2',
    detailType: 'Inspector2 Finding',
    // Bare ids, not ARNs.
    resources: finding.resources.map(({ id }) => id),
    detail: Object.fromEntries(
      Object.entries(finding).map(([name, value]) => [name, value instanceof Date ? dateText(value) : value]),
    ),
  });
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Fri Nov 20 10:12:40.123 UTC 2026`. */
function dateText(date: Date): string {
  const iso = date.toISOString();
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${iso.slice(8, 10)} ${iso.slice(11, 23)} UTC ${iso.slice(0, 4)}`;
}
