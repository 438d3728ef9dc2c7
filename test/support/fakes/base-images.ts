/** What EC2 tells of images that are built on and of instance types, as fakes. */
import type { BaseImage } from '../../../shared/domain/artifacts/base-image.ts';
import type { ArtifactFacts } from '../../../shared/ports/artifact-store.ts';
import type { BaseImages, InstanceTypes } from '../../../shared/ports/base-images.ts';

const LINUX = {
  state: 'available',
  architecture: 'x86_64',
  platform: 'Linux/UNIX',
  type: 'machine',
  virtualization: 'hvm',
  bootMode: 'uefi-preferred',
  rootDeviceType: 'ebs',
} satisfies Partial<BaseImage>;

/** A Linux image with one volume of 8 GiB. */
export function linuxImage(imageId: string, more: Partial<BaseImage> = {}): BaseImage {
  return {
    ...LINUX,
    imageId,
    rootDevice: '/dev/xvda',
    volumes: [{ device: '/dev/xvda', sizeGiB: 8 }],
    ...more,
  };
}

/** `find`: what the store of AMIs knows; `told`: what an image has beside a usual one, or undefined where it is gone. */
export function fakeBaseImages(
  find: (id: string) => Promise<ArtifactFacts | undefined>,
  told: ReadonlyMap<string, Partial<BaseImage> | undefined>,
  isThere: (id: string) => boolean,
): BaseImages {
  return {
    async describe(id) {
      if (told.has(id) && told.get(id) === undefined) return undefined;
      const facts = await find(id);
      if (facts === undefined && !told.has(id) && !isThere(id)) return undefined;
      const devices = (facts?.snapshots ?? []).map(({ device }) => ({ device, sizeGiB: 8 }));
      const [first] = devices;
      return linuxImage(id, {
        ...(facts === undefined ? {} : { architecture: facts.architecture, state: facts.state }),
        ...(first === undefined ? {} : { rootDevice: first.device, volumes: devices }),
        ...told.get(id),
      });
    },
  };
}

const SIZES = /\.(?:nano|micro|small|medium|x?large|[248]xlarge)$/;

/** Every family is there in the usual sizes; those with a `g` after their generation are for arm64. */
export const fakeInstanceTypes: InstanceTypes = {
  describe: async (names) =>
    names
      .filter((name) => SIZES.test(name))
      .map((name) => {
        const isArm = /^[a-z]+[0-9]+g/.test(name);
        return {
          name,
          architectures: [isArm ? 'arm64' : 'x86_64'],
          bootModes: isArm ? ['uefi'] : ['legacy-bios', 'uefi'],
        };
      }),
};
