/** How selectors, versions and changes are said to people: short enough for a line of a mail or a table, and never ambiguous. */
import { parseNonSelectorChange } from '../base/naming.ts';
import { findKeyKind } from './selectors.ts';

/** `component:arn:aws:imagebuilder:eu-west-1:1111:component/harden-ssh/1.x.x` -> `component harden-ssh/1.x.x`. */
export function describeSelector(key: string): string {
  const rest = key.slice(key.indexOf(':') + 1);
  const kind = findKeyKind(key);
  if (kind !== undefined) return kind.describe?.(rest) ?? key;
  const other = parseNonSelectorChange(key);
  if (other === 'finding') return `finding ${rest.slice(rest.lastIndexOf('/') + 1)}`;
  return other === 'definition' || other === 'request' ? `${other} ${rest}` : key;
}

/** The version of an ARN alone (`1.1.0/1`); anything else as it is. */
export function describeVersion(version: string): string {
  const match = /^arn:[^/]+\/[^/]+\/(.+)$/.exec(version);
  return match?.[1] ?? version;
}

export function describeChange(change: {
  selector: string;
  from?: string | undefined;
  to: string;
  finding?: { readonly package: string; readonly vulnerability: string } | undefined;
}): string {
  const to = describeVersion(change.to);
  const { finding } = change;
  if (finding !== undefined)
    return `${finding.vulnerability} in ${finding.package}: fixed in ${to}${change.from === undefined ? '' : `, found ${change.from}`}`;
  const what = describeSelector(change.selector);
  return change.from === undefined ? `${what}: ${to}` : `${what}: ${describeVersion(change.from)} -> ${to}`;
}
