import type { Documents } from '../ports/documents.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

const OBJECTS = '${EvidenceBucket.Arn}/bakes/*';

export const environment = {
  any: { EVIDENCE_BUCKET: '${EvidenceBucket}' },
} satisfies PortEnvironment<Documents>;

export const permissions = {
  get: [
    { Action: ['s3:GetObject'], Resource: OBJECTS },
    // Without it a key that is not there is told as a missing right (docs/aws/permissions.md#s3). The bucket holds evidence alone.
    { as: 'Missing', Action: ['s3:ListBucket'], Resource: '${EvidenceBucket.Arn}' },
  ],
  put: [{ Action: ['s3:PutObject'], Resource: OBJECTS }],
} satisfies PermissionSet<Documents>;
