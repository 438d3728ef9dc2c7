/** Sources of selectors other than images: objects in a bucket, container images in a registry. */
import {
  CreateRepositoryCommand,
  ECRClient,
  PutImageCommand,
  RepositoryAlreadyExistsException,
} from '@aws-sdk/client-ecr';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { LocalCloud } from '../../local-cloud/client.ts';

/** The bucket that the deployment lets definitions name. */
export const SOURCES = 'ovenbird-sources';

/** Uploads an object. Creates the bucket first, with versioning and events on, since both are needed for its changes to be detected. */
export async function upload(cloud: LocalCloud, key: string, content: string): Promise<void> {
  const s3 = new S3Client({ ...cloud.clientConfig(), forcePathStyle: true });
  const Bucket = SOURCES;
  try {
    await ignoreError(BucketAlreadyOwnedByYou, async () => {
      await s3.send(new CreateBucketCommand({ Bucket }));
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      const NotificationConfiguration = { EventBridgeConfiguration: {} };
      await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
    });
    await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: content }));
  } finally {
    s3.destroy();
  }
}

export async function pushContainer(
  cloud: LocalCloud,
  { repository, tag, content }: { repository: string; tag: string; content: string },
): Promise<void> {
  const ecr = new ECRClient(cloud.clientConfig());
  try {
    await ignoreError(RepositoryAlreadyExistsException, () =>
      ecr.send(new CreateRepositoryCommand({ repositoryName: repository })),
    );
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      annotations: { content },
      layers: [],
    };
    await ecr.send(
      new PutImageCommand({
        repositoryName: repository,
        imageTag: tag,
        imageManifest: JSON.stringify(manifest),
      }),
    );
  } finally {
    ecr.destroy();
  }
}

async function ignoreError(
  there: abstract new (...given: never[]) => Error,
  make: () => Promise<unknown>,
): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!(error instanceof there)) throw error;
  }
}
