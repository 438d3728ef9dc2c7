import type { StoredImage as MachineImage } from '../ec2/records.ts';
import type { Call } from '../service.ts';
import { parseArn } from './arns.ts';
import { type Context, openByArn, resolve } from './context.ts';
import { notImplemented } from './errors.ts';
import type { Platform, StoredImage } from './records.ts';

/** The image that a recipe's `parentImage` resolves to (docs/aws/image-builder.md#parent-images). */
interface Parent {
  readonly imageId: string;
  /** As EC2 shows it to the account; missing when the account cannot see it. */
  readonly machine?: MachineImage | undefined;
  /** The Image Builder build, when the parent is named by its ARN. */
  readonly build?: StoredImage | undefined;
}

/**
 * Finds a parent image: `ami-…`, an Image Builder ARN with or without wildcards, or `ssm:` with a parameter's name or ARN. Undefined
 * when there is none.
 */
export const findParent = async (
  context: Context,
  call: Call,
  parentImage: string,
): Promise<Parent | undefined> => {
  if (/^ami-[0-9a-f]+$/.test(parentImage)) return toParent(context, call, parentImage);
  if (parentImage.startsWith('ssm:')) {
    const value = await parameterValue(context, call, parentImage.slice('ssm:'.length));
    return value === undefined ? undefined : toParent(context, call, value);
  }
  if (parentImage.startsWith('prod-')) throw notImplemented('A Marketplace product as the parent image');
  const build = findImage(context, call, parentImage, 'parentImage');
  const output = build?.amis.find((ami) => ami.region === call.region);
  if (build === undefined || output === undefined) return undefined;
  return { ...toParent(context, call, output.image), build };
};

/**
 * Resolves an image ARN: a version or wildcard ARN to the newest build that has reached AVAILABLE and still is; a build ARN to that
 * build, in any state [M:imagebuilder GetImageRequest.imageBuildVersionArn].
 */
export const findImage = (
  context: Context,
  call: Call,
  arn: string,
  parameter: string,
): StoredImage | undefined => {
  const name = parseArn(arn, parameter, ['image']);
  return resolve(openByArn(context, call, name)?.images ?? [], name, (image) => image.status === 'AVAILABLE');
};

export const toPlatform = (machine: MachineImage): Platform =>
  machine.platformDetails.startsWith('Windows') ? 'Windows' : 'Linux';

const toParent = ({ ec2 }: Context, call: Call, imageId: string): Parent => ({
  imageId,
  machine: ec2.findImage(imageId, call.account, call.region),
});

const parameterValue = async (
  { world }: Context,
  call: Call,
  nameOrArn: string,
): Promise<string | undefined> => {
  const name = /^arn:aws[^:]*:ssm:[^:]*:[^:]*:parameter(\/.+|[^/].*)$/.exec(nameOrArn)?.[1] ?? nameOrArn;
  return world.readParameter({ account: call.account, region: call.region, name });
};
