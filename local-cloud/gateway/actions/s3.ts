import type { RecordedAction } from '../recorder.ts';
import type { Operation, ServiceRequest } from './operation.ts';

/** Operations on sub-resources in the query, by method, for objects and for buckets. */
const objectParts: Record<string, Record<string, string>> = {
  tagging: { GET: 'GetObjectTagging', PUT: 'PutObjectTagging', DELETE: 'DeleteObjectTagging' },
  acl: { GET: 'GetObjectAcl', PUT: 'PutObjectAcl' },
  attributes: { GET: 'GetObjectAttributes' },
  uploads: { POST: 'CreateMultipartUpload' },
  uploadId: {
    PUT: 'UploadPart',
    POST: 'CompleteMultipartUpload',
    DELETE: 'AbortMultipartUpload',
    GET: 'ListParts',
  },
};
const bucketParts: Record<string, Record<string, string>> = {
  versions: { GET: 'ListObjectVersions' },
  uploads: { GET: 'ListMultipartUploads' },
  delete: { POST: 'DeleteObjects' },
  location: { GET: 'GetBucketLocation' },
  policy: { GET: 'GetBucketPolicy', PUT: 'PutBucketPolicy', DELETE: 'DeleteBucketPolicy' },
  tagging: { GET: 'GetBucketTagging', PUT: 'PutBucketTagging', DELETE: 'DeleteBucketTagging' },
  versioning: { GET: 'GetBucketVersioning', PUT: 'PutBucketVersioning' },
  encryption: { GET: 'GetBucketEncryption', PUT: 'PutBucketEncryption' },
  lifecycle: { GET: 'GetBucketLifecycleConfiguration', PUT: 'PutBucketLifecycleConfiguration' },
  notification: { GET: 'GetBucketNotificationConfiguration', PUT: 'PutBucketNotificationConfiguration' },
  publicAccessBlock: { GET: 'GetPublicAccessBlock', PUT: 'PutPublicAccessBlock' },
};
const objectMethods: Record<string, string> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
  POST: 'PutObject',
};
const bucketMethods: Record<string, string> = {
  GET: 'ListObjects',
  HEAD: 'HeadBucket',
  PUT: 'CreateBucket',
  DELETE: 'DeleteBucket',
};

/** Operations whose IAM action has another name. [D:AmazonS3/userguide/using-with-s3-policy-actions] */
const actionNames: Record<string, string> = {
  HeadObject: 'GetObject',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  HeadBucket: 'ListBucket',
  ListBuckets: 'ListAllMyBuckets',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListParts: 'ListMultipartUploadParts',
  DeleteObjects: 'DeleteObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
};

export function s3Operation(request: ServiceRequest): Operation {
  const [, bucket = '', ...rest] = request.path.split('/').map(decodeSegment);
  const key = rest.join('/');
  const input = {
    Bucket: bucket,
    Key: key,
    VersionId: request.query.get('versionId') ?? undefined,
    CopySource: request.headers['x-amz-copy-source'],
    Tagging: request.headers['x-amz-tagging'],
  };
  if (bucket === '') return { name: 'ListBuckets', input };
  const parts = key === '' ? bucketParts : objectParts;
  for (const [part, methods] of Object.entries(parts)) {
    const name = request.query.has(part) ? methods[request.method] : undefined;
    if (name) return { name, input };
  }
  if (key !== '' && request.method === 'PUT' && input.CopySource) return { name: 'CopyObject', input };
  if (key === '' && request.query.get('list-type') === '2') return { name: 'ListObjectsV2', input };
  const methods = key === '' ? bucketMethods : objectMethods;
  return { name: methods[request.method] ?? request.method, input };
}

export function s3Actions({ name, input }: Operation): RecordedAction[] {
  const bucket = `arn:aws:s3:::${input.Bucket}`;
  if (name === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  if (name === 'DeleteObjects') return [{ action: 's3:DeleteObject', resource: `${bucket}/*` }];
  if (input.Key === '') return [{ action: `s3:${actionNames[name] ?? name}`, resource: bucket }];

  const object = `${bucket}/${input.Key}`;
  const actions: RecordedAction[] = [];
  if (name === 'CopyObject') {
    const source = decodeSegment(String(input.CopySource)).replace(/^\//, '').split('?')[0];
    actions.push({ action: 's3:GetObject', resource: `arn:aws:s3:::${source}` });
  }
  let action = name === 'CopyObject' ? 'PutObject' : (actionNames[name] ?? name);
  // Reading or deleting one version is an action of its own. [D:using-with-s3-policy-actions]
  if (input.VersionId && ['GetObject', 'DeleteObject', 'GetObjectTagging'].includes(action)) {
    action = action === 'GetObjectTagging' ? 'GetObjectVersionTagging' : `${action}Version`;
  }
  actions.push({ action: `s3:${action}`, resource: object });
  if (input.Tagging && action === 'PutObject')
    actions.push({ action: 's3:PutObjectTagging', resource: object });
  return actions;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
