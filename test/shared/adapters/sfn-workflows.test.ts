import { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from '@jest/globals';
import { sfnWorkflows } from '../../../shared/adapters/sfn-workflows.ts';

const MACHINE = 'arn:aws:states:eu-west-1:111122223333:stateMachine:ovenbird-test-bake';
const EXECUTION = 'arn:aws:states:eu-west-1:111122223333:execution:ovenbird-test-bake:b_001_bake';
const INPUT = { bake: 'b', attempt: 1 };

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Step Functions as far as requests reach it, which answers with these statuses in turn, and then as it should. */
function stepFunctions(...statuses: number[]) {
  const sent: Sent[] = [];
  const answers = [...statuses];
  const client = new SFNClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
    requestHandler: {
      async handle(request: Sent) {
        sent.push(request);
        const statusCode = answers.shift() ?? 200;
        const body = JSON.stringify(statusCode === 200 ? { executionArn: EXECUTION, startDate: 0 } : {});
        return { response: { statusCode, headers: {}, body: new TextEncoder().encode(body) } };
      },
    } as never,
  });
  return { sent, workflows: sfnWorkflows(client, MACHINE) };
}

describe('the start of a bake', () => {
  it('is sent once, signed, with the name by which it is found again', async () => {
    const { sent, workflows } = stepFunctions();

    expect(await workflows.startBake('b_001_bake', INPUT)).toBe(EXECUTION);

    expect(sent).toHaveLength(1);
    expect(sent[0]?.headers.authorization).toContain('AKIDEXAMPLE');
    const body = JSON.parse(new TextDecoder().decode(sent[0]?.body));
    expect(body).toMatchObject({ stateMachineArn: MACHINE, name: 'b_001_bake' });
  });

  it('is tried again like every other call', async () => {
    const { sent, workflows } = stepFunctions(500);

    expect(await workflows.startBake('b_001_bake', INPUT)).toBe(EXECUTION);

    expect(sent).toHaveLength(2);
  });

  it('fails where it is refused', async () => {
    const { workflows } = stepFunctions(400);

    await expect(workflows.startBake('b_001_bake', INPUT)).rejects.toThrow();
  });
});
