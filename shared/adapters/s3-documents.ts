import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Documents } from '../ports/documents.ts';
import { callAws } from './aws-client.ts';
import { ignoreErrors } from './aws-errors.ts';

/** Evidence and logs of suites, in one private bucket. */
export function s3Documents(client: S3Client, bucket: string): Documents {
  return {
    async put(key, body, contentType) {
      await callAws(() =>
        client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentType: `${contentType}; charset=utf-8`,
          }),
        ),
      );
    },
    async get(key) {
      const answer = await ignoreErrors(['NoSuchKey'], () =>
        callAws(() => client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))),
      );
      return await answer?.Body?.transformToString('utf-8');
    },
  };
}
