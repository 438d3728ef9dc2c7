/** Whether an image can be built on and tested as a definition says: what EC2 would refuse at the build, told before it. */
import type { BaseImage } from '../artifacts/base-image.ts';
import type { Problem } from '../base/errors.ts';
import type { Definition } from './definition.ts';

const ARCHITECTURES: readonly string[] = [
  'x86_64',
  'arm64',
] satisfies Definition['variants'][number]['architecture'][];

/** `field`: the selector of the base. */
export function findBaseImageProblems(
  { variants, build }: Pick<Definition, 'variants' | 'build'>,
  image: BaseImage,
  field: string,
): Problem[] {
  const unusable = describeUnusable(image);
  if (unusable !== undefined) return [{ field, ...unusable }];
  return [...findArchitectureProblems(variants, image, field), ...findVolumeProblems(build, image, field)];
}

/** Why nothing can be built on it, whatever the definition says. */
function describeUnusable(image: BaseImage): Pick<Problem, 'message' | 'fix'> | undefined {
  const { imageId, platform, type, virtualization, rootDeviceType } = image;
  const system = /^(?:windows|macos)/i.exec(platform)?.[0];
  if (system !== undefined)
    return {
      message: `It leads to ${imageId}, an image of ${system}; images are Linux, suites are shell scripts.`,
      fix: 'Choose a base of Linux.',
    };
  if (type !== 'machine')
    return {
      message: `It leads to ${imageId}, a ${type}, which no instance can be started from.`,
      fix: 'Choose a machine image.',
    };
  // imagebuilder/userguide/what-is-image-builder: images are backed by EBS; Nitro types start no others (AWSEC2/UserGuide/virtualization_types).
  if (virtualization !== 'hvm')
    return {
      message: `It leads to ${imageId}, an image with the virtualisation ${virtualization}, which today's instance types do not start.`,
      fix: 'Choose a base with hvm.',
    };
  if (rootDeviceType !== 'ebs')
    return {
      message: `It leads to ${imageId}, whose root device is an ${rootDeviceType}; images are made of EBS volumes.`,
      fix: 'Choose a base with an EBS root device.',
    };
  return undefined;
}

function findArchitectureProblems(
  variants: Definition['variants'],
  { imageId, architecture }: BaseImage,
  field: string,
): Problem[] {
  const alternative = (index: number) =>
    ARCHITECTURES.includes(architecture) ? `, or write variants[${index}].architecture: ${architecture}` : '';
  return variants.flatMap((variant, index) =>
    variant.architecture === architecture
      ? []
      : [
          {
            field,
            message: `It leads to ${imageId}, an image for ${architecture}; the image to build is for ${variant.architecture}.`,
            fix: `Choose a base for ${variant.architecture}${alternative(index)}`,
          },
        ],
  );
}

/** ec2 EbsBlockDevice.VolumeSize: a volume is at least as large as its snapshot. */
function findVolumeProblems(
  { rootVolumeGiB, dataVolumes }: Definition['build'],
  image: BaseImage,
  field: string,
): Problem[] {
  const { imageId, rootDevice } = image;
  const problems: Problem[] = [];
  if (rootVolumeGiB !== undefined && rootDevice === undefined)
    problems.push({
      field,
      message: `It leads to ${imageId}, which does not tell its root device, so its root volume cannot get another size.`,
      fix: 'Remove build.rootVolumeGiB, or choose a base that names its root device.',
    });
  const findSize = (device: string | undefined) =>
    image.volumes.find((volume) => volume.device === device)?.sizeGiB ?? 0;
  const root = findSize(rootDevice);
  if (rootVolumeGiB !== undefined && rootVolumeGiB < root)
    problems.push({
      field: 'build.rootVolumeGiB',
      message: `is ${rootVolumeGiB}, but the root volume of ${imageId} has ${root} GiB, and cannot get smaller`,
      fix: `Write ${root} or more, or remove it to keep the size of the base.`,
    });
  dataVolumes.forEach(({ device, sizeGiB }, index) => {
    const at = `build.dataVolumes[${index}]`;
    if (device === rootDevice) {
      problems.push({
        field: `${at}.device`,
        message: `is ${device}, the root device of ${imageId}`,
        fix: 'Write its size to build.rootVolumeGiB, or name another device.',
      });
      return;
    }
    const standing = findSize(device);
    if (sizeGiB < standing)
      problems.push({
        field: `${at}.sizeGiB`,
        message: `is ${sizeGiB}, but ${imageId} has a volume of ${standing} GiB as ${device}, which cannot get smaller`,
        fix: `Write ${standing} or more, or name another device.`,
      });
  });
  return problems;
}
