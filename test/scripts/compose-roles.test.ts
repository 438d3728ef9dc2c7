import { describe, expect, it } from '@jest/globals';
import { composeEnvironment, composeStatements } from '../../scripts/roles/compose.ts';
import { composeMachineStatements } from '../../scripts/roles/machines.ts';

const names = (used: Record<string, string[]>) => composeStatements(used).map(({ Sid }) => Sid);

describe('the statements of a function', () => {
  it('are those of the methods that it lists, and no others', () => {
    expect(composeStatements({ documents: ['get'] })).toEqual([
      expect.objectContaining({
        Sid: 'DocumentsGet',
        Action: ['s3:GetObject'],
        Resource: ['${EvidenceBucket.Arn}/bakes/*'],
      }),
      expect.objectContaining({ Sid: 'DocumentsGetMissing', Action: ['s3:ListBucket'] }),
    ]);
  });

  it('hold rights on the same resources together, under a name that tells where each comes from', () => {
    expect(composeStatements({ table: ['put', 'get'], documents: ['put'] })).toEqual([
      expect.objectContaining({ Sid: 'DocumentsPut' }),
      expect.objectContaining({ Sid: 'TableGetPut', Action: ['dynamodb:GetItem', 'dynamodb:PutItem'] }),
    ]);
  });

  it('grant nothing twice: a right that another statement covers is part of that one', () => {
    expect(names({ findingHints: ['sendPage'], hintQueue: ['send'] })).toEqual([
      'FindingHintsSendPageHintQueueSend',
    ]);
  });

  it('say why a resource is everything', () => {
    expect(composeStatements({ findings: ['read', 'list'] })).toEqual([
      expect.objectContaining({
        Resource: ['*'],
        because: [expect.stringContaining('Findings have no ARN')],
      }),
    ]);
  });

  it('are refused for a port or a method that does not exist', () => {
    expect(() => composeStatements({ tabel: ['get'] })).toThrow('There is no port tabel; known are');
    expect(() => composeStatements({ mac: ['sign'] })).toThrow('mac has no sign; it has generate, verify.');
  });
});

it('the environment of a function holds what the adapters of its methods read', () => {
  expect(composeEnvironment({ notifier: ['notify'], table: ['get'] })).toEqual({
    NOTIFICATION_TOPIC_ARN: '${NotificationTopic}',
    TABLE_NAME: '${Table}',
  });
});

it('a machine whose task has no known rights is refused', () => {
  const definition = { States: { Send: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage' } } };

  expect(() => composeMachineStatements(definition)).toThrow('No rights are known for a task');
});
