import {
  CopyImageCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  EC2Client,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetKeyPolicyCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { callAwsForDistribution } from '../../../shared/adapters/aws-refusals.ts';
import { createControlLocations } from '../../../shared/adapters/locations/control.ts';
import { createLocations } from '../../../shared/adapters/locations/locations.ts';
import { inspectTarget } from '../../../shared/adapters/locations/preflight.ts';
import type { Ami } from '../../../shared/domain/artifacts/ami.ts';

function awsError(name: string, status = 400): Error {
  return Object.assign(new Error(`${name} happened`), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });
}
const request = {
  clientToken: 't',
  name: 'n',
  description: 'd',
  key: 'arn:key',
  tags: { a: 'b' },
};

const source: Ami = {
  kind: 'ami',
  account: '111122223333',
  region: 'eu-west-1',
  imageId: 'ami-1',
  snapshotIds: ['snap-1'],
};
const control = createControlLocations({ account: source.account, installation: 'ovenbird-dev' });
const store = () => control.openControl(source.region).artifacts.ami;

describe('what AWS answers', () => {
  it.each(['RequestLimitExceeded', 'ResourceLimitExceeded', 'ThrottlingException'])(
    'is worth another try: %s',
    async (name) => {
      const asking = callAwsForDistribution('Asking', () => Promise.reject(awsError(name)));

      await expect(asking).rejects.toMatchObject({
        name: 'TryLater',
        message: expect.stringContaining('Asking'),
      });
    },
  );

  it('is worth another try when the service itself fails, or the network', async () => {
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });

    await expect(
      callAwsForDistribution('Asking', () => Promise.reject(awsError('Whatever', 503))),
    ).rejects.toMatchObject({
      name: 'TryLater',
    });
    await expect(callAwsForDistribution('Asking', () => Promise.reject(reset))).rejects.toMatchObject({
      name: 'TryLater',
    });
  });

  it('is final when it is refused, with the words of AWS', async () => {
    const asking = callAwsForDistribution('Copying', () =>
      Promise.reject(awsError('UnauthorizedOperation', 403)),
    );

    await expect(asking).rejects.toMatchObject({
      name: 'DistributionFailed',
      message: 'Copying: UnauthorizedOperation happened (UnauthorizedOperation)',
    });
  });

  const denied = (policy: string) =>
    Object.assign(awsError('UnauthorizedOperation', 403), {
      message: `You are not authorized to perform this operation, with an explicit deny in ${policy}`,
    });

  it.each([
    ['a Region that is not enabled', awsError('AuthFailure', 401)],
    ['one that has to be opted in to', awsError('OptInRequired', 401)],
    ['one that the organization denies', denied('a service control policy')],
  ])('tells a Region that the account may not use from other refusals: %s', async (_what, error) => {
    await expect(callAwsForDistribution('Asking', () => Promise.reject(error))).rejects.toMatchObject({
      name: 'DistributionFailed',
      facts: { aws: error.name, refused: true },
    });
  });

  it.each([awsError('InvalidParameterValue'), denied('an identity-based policy')])(
    'does not take for that what may be mended: %s',
    async (error) => {
      await expect(callAwsForDistribution('Asking', () => Promise.reject(error))).rejects.not.toHaveProperty(
        'facts.refused',
      );
    },
  );

  it('is a defect of ours when it is no answer at all', async () => {
    await expect(
      callAwsForDistribution('Asking', () => Promise.reject(new TypeError('x is undefined'))),
    ).rejects.toThrow(TypeError);
  });
});

describe('copying', () => {
  it('marks image and snapshots at once, encrypted with the key', async () => {
    const ec2 = mockClient(EC2Client);
    ec2.on(CopyImageCommand).resolves({ ImageId: 'ami-2' });

    await store().copyFrom(source, request);

    expect(ec2.commandCalls(CopyImageCommand)[0]?.args[0].input).toMatchObject({
      ClientToken: 't',
      Encrypted: true,
      KmsKeyId: 'arn:key',
      TagSpecifications: [
        { ResourceType: 'image', Tags: [{ Key: 'a', Value: 'b' }] },
        { ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: 'b' }] },
      ],
    });
    ec2.restore();
  });

  it('comes back when the source is not visible yet', async () => {
    const ec2 = mockClient(EC2Client);
    ec2.on(CopyImageCommand).rejects(awsError('InvalidAMIID.NotFound'));

    await expect(store().copyFrom(source, request)).rejects.toMatchObject({ name: 'TryLater' });
    ec2.restore();
  });

  it('takes an image that is gone as removed', async () => {
    const ec2 = mockClient(EC2Client);
    ec2.on(DescribeImagesCommand).rejects(awsError('InvalidAMIID.Unavailable'));

    await store().remove(source);

    // A role whose rights end at a tag would be refused.
    expect(ec2.commandCalls(DeregisterImageCommand)).toEqual([]);
    ec2.restore();
  });

  it('says what to do when the source is encrypted with the key of AWS', async () => {
    const ec2 = mockClient(EC2Client);
    const refusal = Object.assign(awsError('InvalidParameter'), {
      message: 'Encrypted snapshots with EBS default key cannot be shared',
    });
    ec2.on(ModifySnapshotAttributeCommand).rejects(refusal);
    const sharing = store().share(source, ['444455556666']);

    await expect(sharing).rejects.toThrow(/set a customer managed key as the default for EBS encryption/);
    ec2.restore();
  });
});

describe('entering a target', () => {
  const options = {
    control,
    account: '111122223333',
    installation: 'ovenbird-dev',
    roleName: 'ovenbird-dev-target',
    externalId: 'secret-enough',
  };

  it('names the statement that is missing when the role cannot be assumed', async () => {
    const sts = mockClient(STSClient);
    sts.on(AssumeRoleCommand).rejects(awsError('AccessDenied', 403));
    const locations = createLocations({ ...options, sts: new STSClient({}) });

    await expect(locations.open('444455556666', 'eu-west-1')).rejects.toMatchObject({
      name: 'PreflightFailed',
      message: expect.stringMatching(/LetTheControlPlaneIn/),
    });
    sts.restore();
  });

  it('asks for a session once, and again before it ends', async () => {
    const sts = mockClient(STSClient);
    let now = new Date('2026-03-02T08:00:00Z');
    sts.on(AssumeRoleCommand).callsFake(() => ({
      Credentials: {
        AccessKeyId: `key-${now.getTime()}`,
        SecretAccessKey: 's',
        SessionToken: 't',
        Expiration: new Date(now.getTime() + 3_600_000),
      },
    }));
    const locations = createLocations({ ...options, sts: new STSClient({}), now: () => now });

    await locations.open('444455556666', 'eu-west-1');
    await locations.open('444455556666', 'us-east-1');
    now = new Date('2026-03-02T08:56:00Z');
    await locations.open('444455556666', 'eu-west-1');

    const calls = sts.commandCalls(AssumeRoleCommand);
    expect(calls).toHaveLength(2);
    expect(calls[0]?.args[0].input).toMatchObject({
      RoleArn: 'arn:aws:iam::444455556666:role/ovenbird-dev-target',
      ExternalId: 'secret-enough',
    });
    sts.restore();
  });
});

const ROLE = 'arn:aws:iam::444455556666:role/ovenbird-dev-target';

describe('looking at a target before a build', () => {
  const clients = () => ({
    account: '444455556666',
    region: 'eu-west-1',
    ec2: new EC2Client({}),
    ssm: new SSMClient({}),
    kms: new KMSClient({}),
    installation: 'ovenbird-dev',
    role: ROLE,
  });
  const inspect = async (key: object, parameter: object | undefined) => {
    const kms = mockClient(KMSClient);
    const ssm = mockClient(SSMClient);
    kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: 'k', Arn: 'arn:key', ...key } });
    if (parameter === undefined) ssm.on(GetParameterCommand).rejects(awsError('ParameterNotFound'));
    else ssm.on(GetParameterCommand).resolves({ Parameter: parameter });
    const findings = await inspectTarget(clients(), { key: 'alias/x', parameter: '/ovenbird/web/stable' });
    kms.restore();
    ssm.restore();
    return findings.map(({ field, problem, fix }) => `${field}: ${problem}. ${fix}`);
  };
  const IMAGE = { Type: 'String', DataType: 'aws:ec2:image' };
  const GOOD = { KeyManager: 'CUSTOMER', KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT' };

  it.each([
    ['managed by AWS', { ...GOOD, KeyManager: 'AWS' }, /managed by AWS.*customer managed/],
    ['disabled', { ...GOOD, KeyState: 'Disabled' }, /is Disabled.*enable-key/],
    ['asymmetric', { ...GOOD, KeySpec: 'RSA_2048' }, /RSA_2048.*symmetric/],
  ])('finds a key that is %s', async (_, key, message) => {
    expect((await inspect(key, undefined)).join()).toMatch(message);
  });

  describe('at an own key of the account', () => {
    const ARN = 'arn:aws:kms:eu-west-1:444455556666:key/dba';
    const account = { Principal: { AWS: 'arn:aws:iam::444455556666:root' }, Action: 'kms:*' };
    const viaEc2 = { StringEquals: { 'kms:ViaService': 'ec2.eu-west-1.amazonaws.com' } };

    /** `tried`: what KMS answers to the dry run. */
    async function inspectOwn(statement: object | undefined, tried = 'DryRunOperationException') {
      const kms = mockClient(KMSClient);
      const ssm = mockClient(SSMClient);
      ssm.on(GetParameterCommand).rejects(awsError('ParameterNotFound'));
      kms
        .on(DescribeKeyCommand)
        .resolves({ KeyMetadata: { KeyId: 'dba', Arn: ARN, KeyManager: 'CUSTOMER', KeyState: 'Enabled' } });
      if (statement === undefined) kms.on(GetKeyPolicyCommand).rejects(awsError('AccessDeniedException'));
      else
        kms
          .on(GetKeyPolicyCommand)
          .resolves({ Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', ...statement }] }) });
      kms.on(GenerateDataKeyWithoutPlaintextCommand).rejects(awsError(tried));
      const request = { key: 'alias/dba', parameter: '/ovenbird/web/stable' };
      const findings = await inspectTarget(clients(), request);
      const tries = kms.commandCalls(GenerateDataKeyWithoutPlaintextCommand).map(({ args }) => args[0].input);
      kms.restore();
      ssm.restore();
      return { tries, said: findings.map(({ problem, fix }) => `${problem}. ${fix}`).join() };
    }

    it('finds that its policy leaves it to the account, and that the role may not', async () => {
      const { tries, said } = await inspectOwn(account, 'AccessDeniedException');

      expect(tries).toEqual([expect.objectContaining({ KeyId: ARN, DryRun: true })]);
      expect(said).toContain(ROLE);
      expect(said).toContain(`Add ${ARN} to the parameter ImageKeys`);
    });

    it('is content when KMS would let the role, and does nothing with the key', async () => {
      const { tries, said } = await inspectOwn(account);

      expect(tries).toEqual([expect.objectContaining({ DryRun: true })]);
      expect(said).toBe('');
    });

    it('finds that its policy names others alone, with the statements to paste', async () => {
      const dba = { Principal: { AWS: 'arn:aws:iam::444455556666:role/dba' }, Action: 'kms:*' };

      const { said } = await inspectOwn(dba, 'AccessDeniedException');

      expect(said).toContain('kms:CreateGrant');
      expect(said).toContain(`"Principal":{"AWS":["${ROLE}"]}`);
    });

    it.each([
      ['names the role', { Principal: { AWS: ROLE }, Action: 'kms:*' }],
      [
        'lets EC2 alone use it for the role',
        { Principal: { AWS: ROLE }, Action: 'kms:*', Condition: viaEc2 },
      ],
      ['lets EC2 alone use it for the account', { ...account, Condition: viaEc2 }],
      ['cannot be read', undefined],
    ])('asks nothing of KMS that EC2 alone may ask: its policy %s', async (_, statement) => {
      expect(await inspectOwn(statement, 'AccessDeniedException')).toEqual({ tries: [], said: '' });
    });
  });

  it.each([
    ['of another type', { Type: 'SecureString', Value: 'x' }, /is a SecureString/],
    [
      'of another data type, which AWS never changes',
      { Type: 'String', DataType: 'text', Value: 'ami-0f3c9a1b2d4e5f678' },
      /with the data type text.*Delete it.*name another one/,
    ],
    ['with something else in it', { ...IMAGE, Value: 'hello' }, /holds something else than an AMI/],
  ])('finds a parameter %s', async (_, parameter, message) => {
    expect((await inspect(GOOD, parameter)).join()).toMatch(message);
  });

  it('is content with a parameter of its own from before', async () => {
    expect(await inspect(GOOD, { ...IMAGE, Value: 'ami-0f3c9a1b2d4e5f678' })).toEqual([]);
  });
});
