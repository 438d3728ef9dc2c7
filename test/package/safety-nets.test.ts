import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { read } from '../architecture/imports.ts';
import { resolver } from '../support/resolve-template.ts';
import { allTemplates, listResources } from './packaged.ts';

const templates = allTemplates();
const alarms = templates.flatMap((of) => listResources('AWS::CloudWatch::Alarm', of));

const DeadLetter = z.looseObject({ DeadLetterConfig: z.looseObject({ Arn: z.string() }).optional() });
const RuleSchema = z.looseObject({ Targets: z.array(DeadLetter.extend({ Id: z.string() })) });
const RedriveSchema = z.looseObject({
  RedrivePolicy: z.looseObject({ deadLetterTargetArn: z.string() }).optional(),
});
const AlarmSchema = z.looseObject({
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  AlarmActions: z.array(z.string()).default([]),
  AlarmDescription: z.string().default(''),
});

/** A template that makes keys alone sends nothing. */
const sending = templates.filter((of) =>
  ['AWS::SQS::Queue', 'AWS::Events::Rule'].some((type) => listResources(type, of).length > 0),
);

describe.each(sending)('nothing is lost in the template of $name', (of) => {
  const queues = listResources('AWS::SQS::Queue', of);
  const targets = listResources('AWS::Events::Rule', of).flatMap(({ id, properties }) =>
    RuleSchema.parse(properties).Targets.map((target) => ({ ...target, Id: `${id}/${target.Id}` })),
  );
  const schedules = listResources('AWS::Scheduler::Schedule', of).map(({ id, properties }) => ({
    ...DeadLetter.parse(properties.Target),
    Id: id,
  }));
  const senders = [...targets, ...schedules];
  const deadLetterArns = new Set([
    ...senders.map(({ DeadLetterConfig }) => DeadLetterConfig?.Arn),
    ...queues.map(({ properties }) => RedriveSchema.parse(properties).RedrivePolicy?.deadLetterTargetArn),
  ]);
  const resolve = resolver(of.template, of.place);
  const isDeadLetter = (id: string) => deadLetterArns.has(String(resolve({ 'Fn::GetAtt': [id, 'Arn'] })));
  /** Queues whose depth an alarm watches, by the queue's name. */
  const watched = listResources('AWS::CloudWatch::Alarm', of)
    .map(({ properties }) => AlarmSchema.parse(properties))
    .filter(
      ({ Namespace, MetricName }) =>
        Namespace === 'AWS/SQS' && MetricName === 'ApproximateNumberOfMessagesVisible',
    )
    .flatMap(({ Dimensions }) => Dimensions.map(({ Value }) => Value));

  it('every queue hands what it cannot deliver to a dead-letter queue', () => {
    const without = queues
      .filter(({ id, properties }) => !isDeadLetter(id) && properties.RedrivePolicy === undefined)
      .map(({ id }) => id);

    expect(queues.length).toBeGreaterThan(0);
    expect(without).toEqual([]);
  });

  it('every dead-letter queue has an alarm and keeps messages for 14 days', () => {
    for (const { id, properties } of queues.filter(({ id }) => isDeadLetter(id))) {
      expect([id, watched.includes(String(resolve({ 'Fn::GetAtt': [id, 'QueueName'] })))]).toEqual([
        id,
        true,
      ]);
      expect([id, properties.MessageRetentionPeriod]).toEqual([id, 1_209_600]);
    }
  });

  it('every target of a rule and of a schedule has a dead-letter queue, which takes its letters', () => {
    const policies = listResources('AWS::SQS::QueuePolicy', of).map(({ properties }) =>
      JSON.stringify(properties),
    );
    const bare = senders
      .filter(({ DeadLetterConfig }) => !policies.some((text) => text.includes(`"${DeadLetterConfig?.Arn}"`)))
      .map(({ Id }) => Id);

    expect(senders.length).toBeGreaterThan(0);
    expect(bare).toEqual([]);
  });
});

describe('nothing is lost', () => {
  it('every queue and stream that calls a function keeps the rest of a batch when one message fails', () => {
    const mappings = listResources('AWS::Lambda::EventSourceMapping');
    const without = mappings
      .filter(
        ({ properties }) =>
          !JSON.stringify(properties.FunctionResponseTypes ?? '').includes('ReportBatchItemFailures'),
      )
      .map(({ id }) => id);

    expect(mappings.length).toBeGreaterThan(0);
    expect(without).toEqual([]);
  });

  it('no stream stands still for ever behind one record: it gives up, and the sweep does the work', () => {
    const endless = listResources('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => String(properties.EventSourceArn).includes(':dynamodb:'))
      .filter(({ properties }) => Number(properties.MaximumRetryAttempts ?? -1) < 0)
      .map(({ id }) => id);

    expect(endless).toEqual([]);
  });
});

describe('every alarm', () => {
  const runbook = read('docs/operations/runbook.md');
  const headings = [...runbook.matchAll(/^## (\S+)/gm)].map(([, name]) => name);

  it('has an article in the runbook, and every article an alarm', () => {
    const ids = [...new Set(alarms.map(({ id }) => id))].sort();

    expect(headings.filter((heading) => /Alarm$/.test(heading ?? '')).sort()).toEqual(ids);
  });

  it('sends the reader to queues, functions and machines that exist', () => {
    const names = new Set(
      (
        [
          ['AWS::SQS::Queue', 'QueueName'],
          ['AWS::Lambda::Function', 'FunctionName'],
          ['AWS::StepFunctions::StateMachine', 'StateMachineName'],
        ] as const
      ).flatMap(([type, name]) => listResources(type).map(({ properties }) => properties[name])),
    );
    const mentioned = [...runbook.matchAll(/\bovenbird-dev-[a-z-]*[a-z]/g)].map(([name]) => name);

    expect(mentioned.filter((name) => name.endsWith('-dead-letters')).length).toBeGreaterThan(0);
    expect(mentioned.filter((name) => !names.has(name))).toEqual([]);
  });

  it('notifies a topic, and says where to read on', () => {
    for (const { id, properties } of alarms) {
      const alarm = AlarmSchema.parse(properties);
      expect([id, alarm.AlarmActions.length]).toEqual([id, 1]);
      expect([id, alarm.AlarmDescription.includes(`docs/operations/runbook.md#${id.toLowerCase()}`)]).toEqual(
        [id, true],
      );
    }
  });
});
