import { randomUUID } from 'node:crypto';
import type { Operation } from './actions/operation.ts';
import { isRootKey } from './identities.ts';
import type { Launcher } from './launcher-client.ts';
import { fixedAnswer, type Proxied } from './proxy.ts';

interface Caller {
  readonly account: string;
  readonly region: string;
  readonly accessKeyId: string;
}

export function isMissingObject(service: string, { name }: Operation, answer: Proxied): boolean {
  if (service !== 's3' || answer.status !== 404) return false;
  return name === 'HeadObject' || (name === 'GetObject' && answer.errorCode === 'NoSuchKey');
}

/** Whether a key is missing is told only to who may list the bucket; others are refused. [D:AmazonS3/latest/API/API_GetObject] */
export async function hideMissingObject(
  answer: Proxied,
  { name, input }: Operation,
  { account, region, accessKeyId }: Caller,
  launcher: Pick<Launcher, 'authorize'>,
): Promise<Proxied> {
  if (isRootKey(accessKeyId)) return answer;
  const question = { action: 's3:ListBucket', resource: `arn:aws:s3:::${input.Bucket}`, context: {} };
  if ((await launcher.authorize({ account, region, accessKeyId, ...question })).allowed) return answer;
  await answer.discard();
  const id = randomUUID();
  const body =
    name === 'HeadObject'
      ? ''
      : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>${id}</RequestId></Error>`;
  const headers = { 'content-type': 'application/xml', 'x-amz-request-id': id };
  return fixedAnswer({ status: 403, headers, body }, 'AccessDenied');
}
