import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Resolve } from './resolver.ts';

/** An answer to HEAD has no body, so its status is all that tells why (AmazonS3/latest/API/API_HeadObject, "Errors"). */
const StatusSchema = z.object({ $metadata: z.object({ httpStatusCode: z.number() }) });

export function resolveSource(client: () => S3Client): Resolve<'source'> {
  return async ({ bucket, object }) => {
    const what = `s3://${bucket}/${object}`;
    try {
      const { VersionId } = await client().send(new HeadObjectCommand({ Bucket: bucket, Key: object }));
      if (VersionId !== undefined && VersionId !== 'null')
        return { found: true, version: VersionId, detail: { bucket, key: object } };
      // Without a version it could not be told later which content an image was made of.
      return {
        found: false,
        reason: `${what} has no version id; turn on versioning of the bucket ${bucket}, then upload the object again`,
      };
    } catch (error) {
      const reason = REFUSED[StatusSchema.safeParse(error).data?.$metadata.httpStatusCode ?? 0];
      if (reason === undefined) throw error;
      return { found: false, reason: `${what} ${reason}` };
    }
  };
}

const REFUSED: Readonly<Record<number, string>> = {
  400: 'cannot be asked for: Amazon S3 refused the request',
  403: 'may not be read, or does not exist; list it in the parameter SourceObjects of the stack, and let this account read it',
  404: 'does not exist',
  // The newest version is a delete marker.
  405: 'was deleted',
};
