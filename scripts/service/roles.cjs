const REQUIRED = ['Sid', 'Effect', 'Action', 'Resource'];

/**
 * What a state machine needs to write its log and its traces. These actions know no resource: the log delivery is an account-wide registration
 * (step-functions/dg/cw-logs, "IAM Policies for logging"), and traces belong to nothing (xray, Service Authorization Reference).
 */
const MACHINE_TELEMETRY = [
  {
    Sid: 'DeliverLogs',
    Effect: 'Allow',
    Action: [
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ],
    Resource: '*',
  },
  {
    Sid: 'SendTraces',
    Effect: 'Allow',
    Action: [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
    ],
    Resource: '*',
  },
];

/** The role of one function: what its file says, its own log group, and reading the queues and streams that call it. */
function functionRole({ file, functionName, statements, events }) {
  return role({
    file,
    service: 'lambda.amazonaws.com',
    statements: [
      {
        Sid: 'WriteOwnLog',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: {
          'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName}:*`,
        },
      },
      ...events.flatMap(sourceStatements),
      ...statements,
    ],
  });
}

function machineRole({ file, statements }) {
  return role({
    file,
    service: 'states.amazonaws.com',
    // Step Functions acts for machines of this account alone (step-functions/dg/procedure-create-iam-role, confused deputy).
    condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    statements: [...MACHINE_TELEMETRY, ...statements],
  });
}

/** Lambda's poller uses the function's role (lambda/dg/with-sqs, with-ddb: "Execution role permissions"). */
function sourceStatements(event) {
  if (event.sqs !== undefined) {
    const arn = event.sqs.arn ?? event.sqs;
    return [
      {
        Sid: `Receive${idOf(arn)}`,
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        Resource: arn,
      },
    ];
  }
  if (event.stream !== undefined) {
    const arn = event.stream.arn ?? event.stream;
    return [
      {
        Sid: `Read${idOf(arn)}Stream`,
        Effect: 'Allow',
        Action: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        Resource: arn,
      },
    ];
  }
  return [];
}

function idOf(arn) {
  return Array.isArray(arn['Fn::GetAtt']) ? arn['Fn::GetAtt'][0] : 'Source';
}

function role({ file, service, condition, statements }) {
  check(file, statements);
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: service },
            Action: 'sts:AssumeRole',
            ...(condition === undefined ? {} : { Condition: condition }),
          },
        ],
      },
      Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

function check(file, statements) {
  const seen = new Set();
  for (const statement of statements) {
    const absent = REQUIRED.filter((key) => statement[key] === undefined);
    if (absent.length > 0)
      throw new Error(
        `${file}: the statement ${statement.Sid ?? '(without Sid)'} lacks ${absent.join(', ')}.`,
      );
    if (seen.has(statement.Sid))
      throw new Error(`${file}: the Sid ${statement.Sid} is used twice in one role.`);
    seen.add(statement.Sid);
    const wildcards = [statement.Action].flat().filter((action) => action.includes('*'));
    if (wildcards.length > 0)
      throw new Error(`${file}: ${statement.Sid} allows ${wildcards.join(', ')}; name each action.`);
  }
}

module.exports = { functionRole, machineRole, MACHINE_TELEMETRY };
