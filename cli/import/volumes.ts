/** Volumes of an imported recipe. Each note is true of the definition beside it: whether the volume is in it, and where its properties come from. */
import type { ImageRecipe, InstanceBlockDeviceMapping } from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import { listNotes, type Note, noteIf } from './notes.ts';

type Build = NonNullable<DefinitionInput['build']>;

const FIELD = 'imageRecipe.blockDeviceMappings';
/** The names that Linux images give their root device (AWSEC2/UserGuide/device_naming); which of them the parent has is not known here. */
const ROOT_DEVICES = new Set(['/dev/xvda', '/dev/sda1']);
const DEVICE = /^\/dev\/[a-z0-9]+$/;
const MOST_VOLUMES = 10;
const ENCRYPTED = 'Images are encrypted where they are copied to, with the key of the target.';

export function importVolumes(recipe: ImageRecipe): {
  readonly build: Pick<Build, 'rootVolumeGiB' | 'dataVolumes'>;
  readonly notes: Note[];
} {
  const mappings = recipe.blockDeviceMappings ?? [];
  const roots = mappings.filter(({ deviceName = '' }) => ROOT_DEVICES.has(deviceName));
  const data = mappings.filter((mapping) => !ROOT_DEVICES.has(mapping.deviceName ?? ''));
  const sized = roots.flatMap(({ deviceName = '', ebs }) =>
    ebs?.volumeSize === undefined ? [] : [{ deviceName, sizeGiB: ebs.volumeSize }],
  );
  const volumes = data.flatMap(({ deviceName = '', ebs }) =>
    ebs?.volumeSize === undefined || !DEVICE.test(deviceName)
      ? []
      : [{ device: deviceName, sizeGiB: ebs.volumeSize }],
  );
  const dataVolumes = volumes.slice(0, MOST_VOLUMES);
  const rootVolumeGiB = sized.at(-1)?.sizeGiB;
  const sizes = sized.map(({ deviceName, sizeGiB }) => `${deviceName} with ${sizeGiB} GiB`);
  const left = volumes.slice(MOST_VOLUMES).map(({ device }) => device);
  return {
    build: {
      ...(rootVolumeGiB === undefined ? {} : { rootVolumeGiB }),
      ...(dataVolumes.length === 0 ? {} : { dataVolumes }),
    },
    notes: [
      ...roots.flatMap(noteRoot),
      ...data.flatMap(noteData),
      ...noteIf(
        sized.length > 1,
        FIELD,
        `An image has one root volume, and the last of these is taken for it: ${sizes.join(', ')}. Write to build.rootVolumeGiB what is meant.`,
      ),
      ...noteIf(
        left.length > 0,
        FIELD,
        `A definition has at most ${MOST_VOLUMES} data volumes; left out: ${left.join(', ')}`,
      ),
    ],
  };
}

/** What a mapping says that no definition can, whichever volume it is of. */
function noteMapping({ deviceName = '', ebs, noDevice, virtualName }: InstanceBlockDeviceMapping): Note[] {
  const field = `${FIELD} ${deviceName}`;
  return [
    // Its only value is empty, so that being there is what it says (imagebuilder InstanceBlockDeviceMapping.noDevice).
    ...noteIf(
      noDevice !== undefined,
      `${field}.noDevice`,
      `The recipe takes ${deviceName} of its parent away; a definition cannot, so it stays in the image.`,
    ),
    ...noteIf(
      virtualName !== undefined,
      `${field}.virtualName`,
      `${deviceName} is left out: only EBS volumes are added.`,
    ),
    ...noteIf(
      ebs?.encrypted !== undefined && ebs.encrypted !== null,
      `${field}.encrypted`,
      ebs?.encrypted === false ? `${ENCRYPTED} None stays unencrypted.` : ENCRYPTED,
    ),
    ...listNotes(field, { ...ebs }, { kmsKeyId: ENCRYPTED }),
    ...noteIf(
      ebs?.deleteOnTermination === false,
      `${field}.deleteOnTermination`,
      'Volumes of build instances are deleted with them.',
    ),
  ];
}

function noteRoot(mapping: InstanceBlockDeviceMapping): Note[] {
  const { deviceName = '', ebs } = mapping;
  const field = `${FIELD} ${deviceName}`;
  const kept = 'The root volume has the type and the performance that the base image gives it.';
  return [
    ...noteMapping(mapping),
    ...listNotes(
      field,
      { ...ebs },
      {
        snapshotId: 'The root volume is made of the base image.',
        volumeType: kept,
        iops: kept,
        throughput: kept,
      },
    ),
  ];
}

function noteData(mapping: InstanceBlockDeviceMapping): Note[] {
  const { deviceName = '', ebs } = mapping;
  const field = `${FIELD} ${deviceName}`;
  if (ebs === undefined) return noteMapping(mapping);
  if (ebs.volumeSize === undefined)
    return [
      ...noteMapping(mapping),
      {
        field,
        reason: `${deviceName} is left out: its size is that of ${ebs.snapshotId === undefined ? 'the volume of its parent' : 'the snapshot'}, which a definition cannot name.`,
      },
    ];
  if (!DEVICE.test(deviceName))
    return [
      ...noteMapping(mapping),
      { field, reason: `${deviceName} is left out: only devices such as /dev/sdf can be named.` },
    ];
  const { snapshotId, volumeType, iops, throughput } = ebs;
  const lost = [
    volumeType,
    iops === undefined ? undefined : `${iops} IOPS`,
    throughput === undefined ? undefined : `${throughput} MiB/s`,
  ].filter((part) => part !== undefined);
  return [
    ...noteMapping(mapping),
    ...noteIf(
      snapshotId !== undefined,
      `${field}.snapshotId`,
      `${deviceName} begins empty, not from ${snapshotId}.`,
    ),
    ...noteIf(
      lost.length > 0,
      `${field}.volumeType`,
      `Lost: ${lost.join(', ')}. Where the parent has no ${deviceName}, the volume gets EC2's default type, gp2.`,
    ),
  ];
}
