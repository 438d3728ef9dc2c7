/** An alarm for every dead-letter queue: a message in one means that something was given up on. `HintDeadLetterQueue` -> `HintDeadLetterQueueAlarm`. */
function deadLetterAlarms(resources) {
  const ids = Object.keys(resources).filter(
    (id) => resources[id].Type === 'AWS::SQS::Queue' && id.endsWith('DeadLetterQueue'),
  );
  return Object.fromEntries(
    ids.map((id) => [
      `${id}Alarm`,
      {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmDescription: `Something was given up on and waits in ${id}. Runbook: docs/operations/runbook.md#${id.toLowerCase()}alarm`,
          Namespace: 'AWS/SQS',
          MetricName: 'ApproximateNumberOfMessagesVisible',
          Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
          Statistic: 'Maximum',
          Period: 300,
          EvaluationPeriods: 1,
          Threshold: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          TreatMissingData: 'notBreaching',
          AlarmActions: [{ Ref: 'NotificationTopic' }],
        },
      },
    ]),
  );
}

module.exports = { deadLetterAlarms };
