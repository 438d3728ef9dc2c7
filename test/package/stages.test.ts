/** Two stages in one account: whatever has a name of its own carries the stage, so that neither stack meets the other's. */
import { describe, expect, it } from '@jest/globals';
import { resolver, type StackContext, type Template } from '../support/resolve-template.ts';
import { allTemplates } from './packaged.ts';

/** Names of other things, which a resource only refers to or shows. */
const NO_NAMES_OF_ITS_OWN = ['MetricName', 'DisplayName', 'StageName', 'S3BucketName', 'FunctionName'];

/** The names that the resources of a template ask for, by logical id and property. */
function listNames(template: Template, place: StackContext): Map<string, string> {
  const resolve = resolver(template, place);
  const names = new Map<string, string>();
  for (const [id, { Type, Properties }] of Object.entries(template.Resources))
    for (const [property, value] of Object.entries(Properties)) {
      const isReference = NO_NAMES_OF_ITS_OWN.includes(property) && Type !== 'AWS::Lambda::Function';
      if (isReference || !/(^|[a-z])Name$|^StatementId$/.test(property)) continue;
      names.set(`${id}.${property}`, String(resolve(value)));
    }
  return names;
}

describe.each(allTemplates().filter(({ name }) => name !== 'build-key.yml'))(
  '$name',
  ({ template, place }) => {
    it('names nothing without its stage', () => {
      const other = {
        ...place,
        stackName: 'ovenbird-second',
        parameters: { ...place.parameters, Installation: 'ovenbird-second' },
      };
      const names = listNames(template, place);
      const others = new Set(listNames(template, other).values());

      expect(names.size).toBeGreaterThan(0);
      // What the packaged template has spelled out holds the stage that it was packaged for.
      expect([...names].filter(([, name]) => others.has(name) && !/\bdev\b/.test(name))).toEqual([]);
    });
  },
);
