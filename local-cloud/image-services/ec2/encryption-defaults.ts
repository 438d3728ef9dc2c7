import type {
  DisableEbsEncryptionByDefaultResult,
  GetEbsDefaultKmsKeyIdResult,
  GetEbsEncryptionByDefaultResult,
  ModifyEbsDefaultKmsKeyIdRequest,
} from '@aws-sdk/client-ec2';
import { type Context, type Operations, operation } from './context.ts';
import { awsEbsKey, keyArnOf } from './keys.ts';

/** Per account and Region (docs/aws/ec2-images.md#encryption); the default key is `aws/ebs` unless another is set. */
export function encryptionDefaultOperations({ store }: Context): Operations {
  return {
    GetEbsEncryptionByDefault: operation<object, GetEbsEncryptionByDefaultResult>((_, call) => ({
      EbsEncryptionByDefault: store.place(call).encryptionByDefault,
      SseType: 'sse-ebs',
    })),

    EnableEbsEncryptionByDefault: operation<object, DisableEbsEncryptionByDefaultResult>((_, call) => {
      store.place(call).encryptionByDefault = true;
      return { EbsEncryptionByDefault: true };
    }),

    DisableEbsEncryptionByDefault: operation<object, DisableEbsEncryptionByDefaultResult>((_, call) => {
      store.place(call).encryptionByDefault = false;
      return { EbsEncryptionByDefault: false };
    }),

    GetEbsDefaultKmsKeyId: operation<object, GetEbsDefaultKmsKeyIdResult>((_, call) => {
      const name = store.place(call).defaultKmsKeyId;
      return { KmsKeyId: name === undefined ? 'alias/aws/ebs' : keyArnOf(name, call) };
    }),

    ModifyEbsDefaultKmsKeyId: operation<ModifyEbsDefaultKmsKeyIdRequest, GetEbsDefaultKmsKeyIdResult>(
      (request, call) => {
        const name = request.KmsKeyId ?? awsEbsKey(call).arn;
        store.place(call).defaultKmsKeyId = name;
        return { KmsKeyId: keyArnOf(name, call) };
      },
    ),

    ResetEbsDefaultKmsKeyId: operation<object, GetEbsDefaultKmsKeyIdResult>((_, call) => {
      store.place(call).defaultKmsKeyId = undefined;
      return { KmsKeyId: 'alias/aws/ebs' };
    }),
  };
}
