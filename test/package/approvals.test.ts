import { describe, expect, it } from '@jest/globals';
import { listResources, template } from './packaged.ts';

const PAGES = 'approvals/{id}';
const resource = (id: string) => template().Resources[id];
const property = (id: string, name: string) => resource(id)?.Properties[name];

describe('the approval pages, which need no sign-in', () => {
  it('are reached by GET and POST alone', () => {
    const open = listResources('AWS::ApiGatewayV2::Route').filter(
      ({ properties }) =>
        properties.AuthorizationType === undefined || properties.AuthorizationType === 'NONE',
    );

    expect(open.map(({ properties }) => properties.RouteKey).sort()).toEqual([
      `GET /${PAGES}`,
      `POST /${PAGES}`,
    ]);
  });

  it('are throttled for themselves, once their routes are there', () => {
    const stage = resource('HttpApiStage');
    const routes = listResources('AWS::ApiGatewayV2::Route').filter(({ properties }) =>
      String(properties.RouteKey).endsWith(PAGES),
    );

    for (const { id, properties } of routes) {
      const settings = property('HttpApiStage', 'RouteSettings') as Record<string, Record<string, number>>;
      const limits = settings[String(properties.RouteKey)];
      expect(limits?.ThrottlingRateLimit).toBeLessThanOrEqual(10);
      expect(limits?.ThrottlingBurstLimit).toBeLessThanOrEqual(20);
      expect(stage?.DependsOn).toContain(id);
    }
  });

  it('reserve concurrency only where somebody says how much', () => {
    expect(template().Parameters.ApprovalPageConcurrency?.Default).toBe(0);
    expect(resource('ServeApprovalsLambdaFunction')?.Properties).toMatchObject({
      ReservedConcurrentExecutions: {
        'Fn::If': ['LimitsApprovalPages', { Ref: 'ApprovalPageConcurrency' }, { Ref: 'AWS::NoValue' }],
      },
    });
  });

  it('leave a line for each request in the access log, without what makes a link a secret', () => {
    const { Format: format } = property('HttpApiStage', 'AccessLogSettings') as { Format: string };

    expect(Object.keys(JSON.parse(format))).toEqual(expect.arrayContaining(['ip', 'path', 'status']));
    expect(format).not.toMatch(/query|requestUri|\$context\.protocol|header/i);
  });
});

describe('the approval topic', () => {
  it('refuses subscriptions of everybody but those who are named, once somebody is', () => {
    const policy = property('ApprovalTopicPolicy', 'PolicyDocument') as { Statement: readonly unknown[] };

    expect(policy.Statement).toContainEqual({
      'Fn::If': [
        'HasApproverAdmins',
        expect.objectContaining({
          Effect: 'Deny',
          Principal: '*',
          Action: ['sns:Subscribe'],
          Condition: { ArnNotLike: { 'aws:PrincipalArn': { Ref: 'ApproverAdmins' } } },
        }),
        { Ref: 'AWS::NoValue' },
      ],
    });
    expect(resource('ApprovalTopicPolicy')?.DependsOn).toContain('FirstApproverSubscription');
  });
});
