import { describe, expect, it } from '@jest/globals';
import { faultAnswer } from '../../../local-cloud/gateway/fault-answer.ts';
import { createFaults, type FaultRequest, faultSchema } from '../../../local-cloud/gateway/faults.ts';

const call = {
  service: 'ec2',
  operation: 'CopyImage',
  principal: 'arn:aws:sts::111122223333:assumed-role/ovenbird-distribute/x',
  account: '444455556666',
  region: 'us-east-1',
};
const throttle = { error: { code: 'RequestLimitExceeded' } };

function addFaults(...requests: FaultRequest[]) {
  const faults = createFaults();
  for (const request of requests) faults.add(faultSchema.parse(request));
  return faults;
}

describe('faults', () => {
  it('meet one call unless more are asked for', () => {
    const faults = addFaults({ service: 'ec2', operation: 'CopyImage', effect: throttle });

    expect(faults.meet(call)?.effect).toEqual(throttle);
    expect(faults.meet(call)).toBeUndefined();
  });

  it('let the calls through that are to be skipped', () => {
    const faults = addFaults({ service: 'ec2', operation: 'CopyImage', skip: 2, effect: throttle });

    const met = [1, 2, 3, 4].map(() => faults.meet(call) !== undefined);

    expect(met).toEqual([false, false, true, false]);
  });

  it('go on for ever when asked to, until they are removed', () => {
    const faults = createFaults();
    const id = faults.add(
      faultSchema.parse({ service: 'ec2', operation: '*', times: null, effect: throttle }),
    );

    expect([1, 2, 3].every(() => faults.meet(call))).toBe(true);
    faults.remove(id);

    expect(faults.meet(call)).toBeUndefined();
  });

  it('leave calls alone that differ in caller, account, region, operation or service', () => {
    const differing: Partial<FaultRequest>[] = [
      { principal: 'another-role' },
      { account: '777788889999' },
      { region: 'eu-west-1' },
      { operation: 'CreateTags' },
      { service: 'ssm' },
    ];

    for (const difference of differing) {
      const faults = addFaults({ service: 'ec2', operation: 'CopyImage', effect: throttle, ...difference });
      expect(faults.meet(call)).toBeUndefined();
    }
  });

  it('meet the same calls again for the same seed', () => {
    const pattern = () => {
      const faults = addFaults({
        service: 'ec2',
        operation: '*',
        times: null,
        percent: 50,
        effect: throttle,
      });
      return Array.from({ length: 50 }, () => (faults.meet(call) ? 'x' : '.')).join('');
    };

    expect(pattern()).toBe(pattern());
    expect(pattern()).toMatch(/x.*\.|\..*x/);
  });

  it('are refused when they are misspelt', () => {
    expect(() => faultSchema.parse({ service: 'ec2', operation: 'X', effect: { eror: {} } })).toThrow();
    expect(() => faultSchema.parse({ service: 'ec2', operation: 'X', effect: throttle, tims: 2 })).toThrow();
  });
});

describe('an injected error', () => {
  it('has the form of the service', () => {
    const s3 = faultAnswer('s3', { code: 'SlowDown', status: 503 });
    const sns = faultAnswer('sns', { code: 'Throttled', message: 'a <b>' });
    const json = faultAnswer('dynamodb', { code: 'ThrottlingException' });

    expect(s3).toMatchObject({ status: 503, body: expect.stringContaining('<Error><Code>SlowDown</Code>') });
    expect(sns.body).toContain('<Message>a &lt;b&gt;</Message>');
    expect(JSON.parse(json.body)).toMatchObject({ __type: 'ThrottlingException' });
    expect(json.headers['x-amzn-errortype']).toBe('ThrottlingException');
  });
});
