/** AWS announces new images on topics of its own, which another partition has none or others of. */
import { describe, expect, it } from '@jest/globals';
import { ANNOUNCEMENTS } from '../../shared/domain/selectors/announcements.ts';
import { resolver } from '../support/resolve-template.ts';
import { listResources, stackContext, template } from './packaged.ts';

describe.each([
  ['aws', 'eu-west-1'],
  ['aws-us-gov', 'us-gov-east-1'],
  ['aws-cn', 'cn-north-1'],
])('in %s', (partition, region) => {
  const place = { ...stackContext, partition, region };
  const listed = ANNOUNCEMENTS.map(({ announcedOn }) => announcedOn).filter(
    (arn) => arn.split(':')[1] === partition,
  );

  it('the topics of the list are subscribed to, each in its own region, and the queue takes what they send', () => {
    const isMade = (id: string) => {
      const { Condition: condition = '' } = template().Resources[id] ?? {};
      return resolver(template(), place)({ 'Fn::If': [condition, true, false] }) === true;
    };
    const subscriptions = listResources('AWS::SNS::Subscription', { template: template(), place }).filter(
      ({ id, properties }) => properties.Protocol === 'sqs' && isMade(id),
    );
    const policies = JSON.stringify(listResources('AWS::SQS::QueuePolicy', { template: template(), place }));

    expect(subscriptions.map(({ properties }) => properties.TopicArn).sort()).toEqual([...listed].sort());
    for (const { properties } of subscriptions) {
      expect(String(properties.TopicArn).split(':')[3]).toBe(properties.Region);
      expect(policies).toContain(properties.TopicArn);
    }
  });
});

it('nothing is subscribed to unless the installation asks for it', () => {
  const place = { ...stackContext, parameters: { HearAnnouncements: 'false' } };

  expect(
    JSON.stringify(listResources('AWS::SQS::QueuePolicy', { template: template(), place })),
  ).not.toContain(':sns:');
});
