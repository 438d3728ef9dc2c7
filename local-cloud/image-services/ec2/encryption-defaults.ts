import type {
  DisableEbsEncryptionByDefaultResult,
  GetEbsDefaultKmsKeyIdResult,
  GetEbsEncryptionByDefaultResult,
  ModifyEbsDefaultKmsKeyIdRequest,
} from '@aws-sdk/client-ec2';
import { type Context, type Operations, operation } from './context.ts';
import { awsEbsKey, toKeyArn } from './keys.ts';

/** Per account and Region (docs/aws/ec2-images.md#encryption); the default key is `aws/ebs` unless another is set. */
export function encryptionDefaultOperations({ store }: Context): Operations {
  return {
    GetEbsEncryptionByDefault: operation<object, GetEbsEncryptionByDefaultResult>((_, call) => ({
      EbsEncryptionByDefault: store.at(call).encryptionByDefault,
      SseType: 'sse-ebs',
    })),

    EnableEbsEncryptionByDefault: operation<object, DisableEbsEncryptionByDefaultResult>((_, call) => {
      store.at(call).encryptionByDefault = true;
      return { EbsEncryptionByDefault: true };
    }),

    DisableEbsEncryptionByDefault: operation<object, DisableEbsEncryptionByDefaultResult>((_, call) => {
      store.at(call).encryptionByDefault = false;
      return { EbsEncryptionByDefault: false };
    }),

    GetEbsDefaultKmsKeyId: operation<object, GetEbsDefaultKmsKeyIdResult>((_, call) => {
      const name = store.at(call).defaultKmsKeyId;
      return { KmsKeyId: name === undefined ? 'alias/aws/ebs' : toKeyArn(name, call) };
    }),

    ModifyEbsDefaultKmsKeyId: operation<ModifyEbsDefaultKmsKeyIdRequest, GetEbsDefaultKmsKeyIdResult>(
      (request, call) => {
        const name = request.KmsKeyId ?? awsEbsKey(call).arn;
        store.at(call).defaultKmsKeyId = name;
        return { KmsKeyId: toKeyArn(name, call) };
      },
    ),

    ResetEbsDefaultKmsKeyId: operation<object, GetEbsDefaultKmsKeyIdResult>((_, call) => {
      store.at(call).defaultKmsKeyId = undefined;
      return { KmsKeyId: 'alias/aws/ebs' };
    }),
  };
}
