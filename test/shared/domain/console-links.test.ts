import { describe, expect, it } from '@jest/globals';
import { executionLink, logLink } from '../../../shared/domain/notifications/console-links.ts';

const LOG = '/aws/imagebuilder/ovenbird-web-x86-64:1.0.0/3';
const execution = (partition: string, region: string) =>
  `arn:${partition}:states:${region}:111122223333:execution:ovenbird-dev-bake:01JTESTBAKE0000000000000AA_001_bake`;

describe('links into the console', () => {
  it.each([
    ['aws', 'eu-west-1', 'eu-west-1.console.aws.amazon.com'],
    ['aws-us-gov', 'us-gov-west-1', 'us-gov-west-1.console.amazonaws-us-gov.com'],
    ['aws-cn', 'cn-north-1', 'cn-north-1.console.amazonaws.cn'],
  ])('open in the console of the partition %s', (partition, region, host) => {
    const arn = execution(partition, region);

    expect(executionLink(arn)).toBe(
      `https://${host}/states/home?region=${region}#/v2/executions/details/${arn}`,
    );
    expect(logLink(LOG, arn)).toBe(
      `https://${host}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/$252Faws$252Fimagebuilder$252Fovenbird-web-x86-64/log-events/1.0.0$252F3`,
    );
  });

  it('escape what names of groups and streams may hold, twice', () => {
    expect(logLink('/a b:[$LATEST]x', execution('aws', 'eu-west-1'))).toMatch(
      /\/log-group\/\$252Fa\$2520b\/log-events\/\$255B\$2524LATEST\$255Dx$/,
    );
  });

  it.each(['', 'web_001_bake', execution('aws-iso', 'us-iso-east-1'), execution('aws', 'evil.example/')])(
    'are not made of what has no known console: %p',
    (arn) => {
      expect([executionLink(arn), logLink(LOG, arn)]).toEqual([undefined, undefined]);
    },
  );

  it.each(['', '/aws/imagebuilder/web', 'https://example.com/log'])(
    'are not made of %p, which is no log stream',
    (log) => {
      expect(logLink(log, execution('aws', 'eu-west-1'))).toBeUndefined();
    },
  );
});
