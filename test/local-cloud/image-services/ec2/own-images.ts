import { DescribeImagesCommand, type Image } from '@aws-sdk/client-ec2';
import { type FakeCloud, HOME, HUB } from './fake-cloud.ts';

/** An available image, as Image Builder would have left it. */
export async function ownImage(
  cloud: FakeCloud,
  given: {
    account?: string;
    region?: string;
    name?: string;
    kmsKeyArn?: string;
    volumes?: number;
    tags?: Record<string, string>;
    architecture?: string;
    imdsSupport?: 'v2.0';
  } = {},
): Promise<string> {
  const { account = HUB, region = HOME } = given;
  const image = cloud.services.ec2.createImageFor({
    account,
    region,
    name: given.name ?? `image-${Math.random().toString(36).slice(2)}`,
    tags: given.tags ?? {},
    inventory: [{ name: 'openssl', version: '3.2.2', type: 'rpm' }],
    architecture: given.architecture ?? 'x86_64',
    imdsSupport: given.imdsSupport,
    volumes: Array.from({ length: given.volumes ?? 1 }, (_, index) => ({
      deviceName: `/dev/xvd${'abcdefgh'.charAt(index)}`,
      sizeGiB: 8,
      kmsKeyArn: given.kmsKeyArn,
    })),
    seconds: 0,
  });
  await waitForState(cloud, image.id, 'available', account, region);
  return image.id;
}

export async function readImage(
  cloud: FakeCloud,
  id: string,
  account = HUB,
  region = HOME,
): Promise<Image | undefined> {
  const answer = await cloud
    .ec2(account, region)
    .send(new DescribeImagesCommand({ ImageIds: [id], IncludeDisabled: true }));
  return answer.Images?.[0];
}

/** Waits until the image is in the state, and gives it. */
export async function waitForState(
  cloud: FakeCloud,
  id: string,
  state: string,
  account = HUB,
  region = HOME,
): Promise<Image> {
  return cloud.until(async () => {
    const image = await readImage(cloud, id, account, region);
    return image?.State === state ? image : undefined;
  });
}

export function snapshotIds(image: Image | undefined): string[] {
  return (image?.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
}

/** Code of the error that a call ends with. */
export async function catchCode(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
