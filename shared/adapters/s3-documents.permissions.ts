import type { Documents } from '../ports/documents.ts';
import type { PermissionSet, PortEnvironment } from './permissions.ts';

const OBJECTS = '${EvidenceBucket.Arn}/bakes/*';

export const environment = {
  any: { EVIDENCE_BUCKET: '${EvidenceBucket}' },
} satisfies PortEnvironment<Documents>;

export const permissions = {
  get: [{ Action: ['s3:GetObject'], Resource: OBJECTS }],
  put: [{ Action: ['s3:PutObject'], Resource: OBJECTS }],
} satisfies PermissionSet<Documents>;
