import { describe, expect, it } from '@jest/globals';
import { parseHint } from '../../../shared/domain/selectors/hints.ts';

const envelope = { version: '0', id: '1', account: '111122223333', region: 'eu-west-1', resources: [] };
const arn = 'arn:aws:imagebuilder:eu-west-1:111122223333';

describe('a hint', () => {
  it.each([
    [
      'an image that became available',
      {
        source: 'aws.imagebuilder',
        'detail-type': 'EC2 Image Builder Image State Change',
        resources: [`${arn}:image/base-al2023/1.4.0/12`],
        detail: { 'previous-state': { status: 'INTEGRATING' }, state: { status: 'AVAILABLE' } },
      },
      [`${arn}:image/base-al2023`],
    ],
    [
      'a component that was created',
      {
        source: 'aws.imagebuilder',
        'detail-type': 'AWS API Call via CloudTrail',
        detail: {
          eventName: 'CreateComponent',
          requestParameters: { name: 'harden-ssh' },
          responseElements: { componentBuildVersionArn: `${arn}:component/harden-ssh/1.3.0/1` },
        },
      },
      [`${arn}:component/harden-ssh`],
    ],
    [
      'a component whose answer was left out of the trail',
      {
        source: 'aws.imagebuilder',
        'detail-type': 'AWS API Call via CloudTrail',
        detail: {
          eventName: 'CreateComponent',
          requestParameters: { name: 'Harden SSH' },
          responseElements: null,
        },
      },
      [`${arn}:component/harden-ssh`],
    ],
    [
      'a parameter',
      {
        source: 'aws.ssm',
        'detail-type': 'Parameter Store Change',
        detail: { operation: 'Update', name: '/golden/al2023/id', type: 'String' },
      },
      ['ssm:eu-west-1:/golden/al2023/id'],
    ],
    [
      'a parameter whose name is no path',
      {
        source: 'aws.ssm',
        'detail-type': 'Parameter Store Change',
        detail: { operation: 'Update', name: 'golden-ami', type: 'String' },
      },
      ['ssm:eu-west-1:golden-ami'],
    ],
    [
      'an AMI, which may be pinned or the newest of its owner',
      {
        source: 'aws.ec2',
        'detail-type': 'EC2 AMI State Change',
        resources: ['arn:aws:ec2:eu-west-1::image/ami-0a9b8c7d6e5f43210'],
        detail: { ImageId: 'ami-0a9b8c7d6e5f43210', State: 'available', ErrorMessage: '' },
      },
      ['ami:eu-west-1:ami-0a9b8c7d6e5f43210', 'lookup:eu-west-1:111122223333'],
    ],
    [
      'an image that another account shared',
      {
        source: 'aws.ec2',
        'detail-type': 'AWS API Call via CloudTrail',
        account: '444455556666',
        detail: {
          eventName: 'ModifyImageAttribute',
          requestParameters: {
            attributeType: 'launchPermission',
            imageId: 'ami-0a9b8c7d6e5f43210',
            launchPermission: { add: { items: [{ userId: '111122223333' }] } },
          },
        },
      },
      ['ami:eu-west-1:ami-0a9b8c7d6e5f43210', 'lookup:eu-west-1:444455556666'],
    ],
    [
      'a container image that was pushed',
      {
        source: 'aws.ecr',
        'detail-type': 'ECR Image Action',
        detail: {
          result: 'SUCCESS',
          'repository-name': 'team/web',
          'image-digest': 'sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234',
          'action-type': 'PUSH',
          'image-tag': 'stable',
        },
      },
      ['container:111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/web'],
    ],
    [
      'an object that was uploaded',
      {
        source: 'aws.s3',
        'detail-type': 'Object Created',
        resources: ['arn:aws:s3:::our-sources'],
        detail: {
          version: '0',
          bucket: { name: 'our-sources' },
          object: { key: 'web/my site.tar.gz', 'version-id': 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e' },
          reason: 'PutObject',
        },
      },
      ['source:our-sources/web/my site.tar.gz'],
    ],
    [
      'a label that was moved',
      {
        source: 'aws.ssm',
        'detail-type': 'Parameter Store Change',
        detail: { operation: 'LabelParameterVersion', name: '/golden/al2023/id', type: 'String' },
      },
      ['ssm:eu-west-1:/golden/al2023/id'],
    ],
  ])('names the topic of %s', (_, event, topics) => {
    expect(parseHint({ ...envelope, ...event })).toEqual({ kind: 'topics', topics });
  });

  it('may be a list of topics, each of which counts once', () => {
    expect(parseHint({ topics: ['a', 'b', 'a'] })).toEqual({ kind: 'topics', topics: ['a', 'b'] });
  });

  it('names a finding about packages, and no other', () => {
    const of = (type: string) =>
      parseHint({
        ...envelope,
        source: 'aws.inspector2',
        'detail-type': 'Inspector2 Finding',
        resources: ['i-0c4d2e9f7a1b3c5d7'],
        detail: { findingArn: 'arn:aws:inspector2:eu-west-1:111122223333:finding/1', type },
      });

    expect(of('PACKAGE_VULNERABILITY')).toEqual({
      kind: 'finding',
      arn: 'arn:aws:inspector2:eu-west-1:111122223333:finding/1',
    });
    expect(of('NETWORK_REACHABILITY').kind).toBe('nothing');
  });

  it('reads of an announcement on a topic of AWS which images it is about, and of no other topic', () => {
    const announce = (topic: string) =>
      parseHint({ Type: 'Notification', TopicArn: topic, Message: '{"Regions":{}}', MessageId: 'one' });

    const hint = announce('arn:aws:sns:us-east-1:137112412989:amazon-linux-2023-ami-updates');

    expect(hint).toMatchObject({
      kind: 'announcement',
      announcement: { parameters: '/aws/service/ami-amazon-linux-latest/al2023-' },
    });
    expect(announce('arn:aws:sns:us-east-1:666677778888:amazon-linux-2023-ami-updates').kind).toBe('nothing');
  });

  it('says nothing about failed calls, unfinished images and other services', () => {
    const trail = { source: 'aws.imagebuilder', 'detail-type': 'AWS API Call via CloudTrail' };
    const image = {
      source: 'aws.imagebuilder',
      'detail-type': 'EC2 Image Builder Image State Change',
      resources: [`${arn}:image/x/1.0.0/1`],
    };

    const hints = [
      { ...trail, detail: { errorCode: 'AccessDenied', responseElements: null } },
      { ...image, detail: { state: { status: 'BUILDING' } } },
      { source: 'aws.rds', 'detail-type': 'RDS DB Instance Event' },
      {
        source: 'aws.ecr',
        'detail-type': 'ECR Image Action',
        detail: { 'action-type': 'PUSH', result: 'FAILURE', 'repository-name': 'team/web' },
      },
    ].map((event) => parseHint({ ...envelope, ...event }).kind);

    expect(hints).toEqual(['nothing', 'nothing', 'nothing', 'nothing']);
  });

  it.each([
    undefined,
    null,
    'text',
    7,
    {},
    { topics: [] },
    { ...envelope, source: 'aws.ssm', 'detail-type': 'Parameter Store Change', detail: {} },
  ])('of an unknown shape is malformed: %j', (body) => {
    expect(parseHint(body).kind).toBe('malformed');
  });
});
