import { AwsError, type Call, type Shape, type SigningName, type World } from './service.ts';

/** A call as a trail shows it: `parameters` is what it keeps of the request. */
interface RecordedRequest {
  readonly service: SigningName;
  readonly operation: string;
  readonly parameters: Shape;
}

/**
 * Runs an operation and records it as CloudTrail would, where a trail logs: EventBridge gets it as `AWS API Call via CloudTrail`,
 * failed calls with their error code and no response elements (docs/aws/events.md#calls-recorded-by-cloudtrail).
 */
export const recordCall = async (
  world: World,
  call: Call,
  request: RecordedRequest,
  run: () => Promise<Shape> | Shape,
): Promise<Shape> => {
  try {
    const output = await run();
    await record(world, call, request, { responseElements: output });
    return output;
  } catch (error) {
    if (error instanceof AwsError) {
      await record(world, call, request, {
        errorCode: error.code,
        errorMessage: error.message,
        responseElements: null,
      });
    }
    throw error;
  }
};

const record = async (
  world: World,
  call: Call,
  { service, operation, parameters }: RecordedRequest,
  outcome: Record<string, unknown>,
): Promise<void> => {
  const logged = world.hasTrail === undefined || (await world.hasTrail(call.account, call.region));
  if (!logged) return;
  world.emit({
    account: call.account,
    region: call.region,
    source: `aws.${service}`,
    detailType: 'AWS API Call via CloudTrail',
    resources: [],
    detail: {
      eventVersion: '1.11',
      userIdentity: toIdentity(call),
      eventTime: `${world.clock.now().toISOString().slice(0, 19)}Z`,
      eventSource: `${service}.amazonaws.com`,
      eventName: operation,
      awsRegion: call.region,
      sourceIPAddress: call.sourceIp,
      userAgent: 'aws-sdk-js/3',
      requestParameters: parameters,
      ...outcome,
      requestID: call.requestId,
      eventID: world.ids.uuid(),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: call.account,
      eventCategory: 'Management',
    },
  });
};

const toIdentity = ({ account, principalArn, accessKeyId }: Call): Record<string, unknown> => {
  const role = /^arn:aws:sts::\d+:assumed-role\/([^/]+)\/(.+)$/.exec(principalArn);
  const base = { arn: principalArn, accountId: account, accessKeyId };
  if (role === null) {
    return { type: principalArn.endsWith(':root') ? 'Root' : 'IAMUser', principalId: accessKeyId, ...base };
  }
  return {
    type: 'AssumedRole',
    principalId: `${accessKeyId}:${role[2]}`,
    ...base,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        arn: `arn:aws:iam::${account}:role/${role[1]}`,
        accountId: account,
        userName: role[1],
      },
    },
  };
};
