import { CloudTrailClient, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';

import { region } from '../account.ts';
import { type Probes, stack } from './context.ts';

export const stackProbes: Probes = {
  async stacks_have_trails(context) {
    const properties = { TrailName: 'stacked', S3BucketName: 'logs', IsLogging: true };
    const reached = await stack(context, 'trail', {
      Trail: { Type: 'AWS::CloudTrail::Trail', Properties: properties },
    });
    if (reached !== 'CREATE_COMPLETE') return false;
    const cloudtrail = new CloudTrailClient(context.cloud.clientConfig());
    return (await cloudtrail.send(new GetTrailStatusCommand({ Name: 'stacked' }))).IsLogging === true;
  },

  async conditions_know_more_than_parameters(context) {
    const template = {
      Parameters: { Names: { Type: 'CommaDelimitedList', Default: '' } },
      Conditions: {
        IsHere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, region] },
        HasNames: { 'Fn::Not': [{ 'Fn::Equals': [{ 'Fn::Join': ['', { Ref: 'Names' }] }, ''] }] },
      },
    };
    const parameter = (name: string, Condition: string) => ({
      Type: 'AWS::SSM::Parameter',
      Condition,
      Properties: { Name: name, Type: 'String', Value: 'there' },
    });
    const resources = {
      Here: parameter('/conditions/here', 'IsHere'),
      Named: parameter('/conditions/named', 'HasNames'),
    };
    await stack(context, 'conditions', resources, template);
    const ssm = new SSMClient(context.cloud.clientConfig());
    const { Parameters = [] } = await ssm.send(
      new GetParametersCommand({ Names: ['/conditions/here', '/conditions/named'] }),
    );
    return Parameters.map(({ Name }) => Name).join() === '/conditions/here';
  },

  async alarms_may_use_metric_math(context) {
    const metric = { Namespace: 'AWS/SQS', MetricName: 'ApproximateAgeOfOldestMessage' };
    const properties = {
      Metrics: [
        { Id: 'age', MetricStat: { Metric: metric, Period: 60, Stat: 'Maximum' }, ReturnData: false },
        { Id: 'minutes', Expression: 'age / 60' },
      ],
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      Threshold: 5,
    };
    const resources = { Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: properties } };
    return (await stack(context, 'alarm', resources)) === 'CREATE_COMPLETE';
  },

  async stacks_have_event_bus_policies(context) {
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::444455556666:root' },
      Action: 'events:PutEvents',
      Resource: '*',
    };
    const properties = { StatementId: 'member', Statement: statement };
    const resources = { Policy: { Type: 'AWS::Events::EventBusPolicy', Properties: properties } };
    return (await stack(context, 'bus-policy', resources)) === 'CREATE_COMPLETE';
  },

  async instance_profiles_are_referred_to_by_name(context) {
    const resources = {
      Profile: {
        Type: 'AWS::IAM::InstanceProfile',
        Properties: { InstanceProfileName: 'stacked', Roles: [] },
      },
      Name: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Name: '/stacked', Type: 'String', Value: { Ref: 'Profile' } },
      },
    };
    await stack(context, 'profile', resources);
    const ssm = new SSMClient(context.cloud.clientConfig());
    const { Parameters } = await ssm.send(new GetParametersCommand({ Names: ['/stacked'] }));
    return Parameters?.[0]?.Value === 'stacked';
  },

  async security_groups_are_made_in_ec2(context) {
    const properties = { GroupName: 'stacked', GroupDescription: 'Of a stack' };
    await stack(context, 'group', { Group: { Type: 'AWS::EC2::SecurityGroup', Properties: properties } });
    const ec2 = new EC2Client(context.cloud.clientConfig());
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    return SecurityGroups.some(({ GroupName }) => GroupName === 'stacked');
  },
};
