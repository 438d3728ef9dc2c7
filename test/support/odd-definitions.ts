/** What the schema reserves for later releases: a field, what a user might write there, and how its refusal calls it. */
export const UNSUPPORTED_FIELDS: readonly (readonly [field: string, value: unknown, what: string])[] = [
  ['build.engine', 'packer', 'Building with Packer'],
  ['build.source', { bucket: 'sources', key: 'web.zip' }, 'Building from a source archive or Git reference'],
  ['build.container', { repository: 'web' }, 'Building container images'],
  ['gates.vulnerabilities', { severity: 'high' }, 'The vulnerability gate'],
  ['gates.policy', 'strict', 'The policy gate'],
  ['approval.quorum', 2, 'A quorum of approvers'],
  ['approval.reminders', ['1d'], 'Reminders'],
  ['distribution.organizations', ['o-example'], 'Sharing with organisations and OUs'],
  ['distribution.rings', [{ name: 'canary' }], 'Rings'],
];

/** Suites whose scripts have as many thousand letters together. */
export function buildSuites(thousands: number): { name: string; script: string }[] {
  return Array.from({ length: Math.ceil(thousands / 50) }, (_, index) => ({
    name: `suite-${index}`,
    script: 'x'.repeat(Math.min(50, thousands - index * 50) * 1000),
  }));
}

/** A definition in which nothing but the value at the path is out of the ordinary. */
export function definitionWith(path: string, value: unknown): Record<string, unknown> {
  const definition = {
    apiVersion: 'ovenbird.dev/v1',
    name: 'web',
    base: { ssm: '/images/base' },
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
  };
  return setAt(definition, path.split('.'), value);
}

function setAt(
  target: Readonly<Record<string, unknown>>,
  [first = '', ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (rest.length === 0) return { ...target, [first]: value };
  const inner = target[first];
  const group = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
  return { ...target, [first]: setAt(group, rest, value) };
}
