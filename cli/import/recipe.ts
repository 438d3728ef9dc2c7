/** Components, volumes and instance types of an imported pipeline. */
import type { Component, ComponentConfiguration, ImageRecipe } from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { FoundPipeline } from './image-builder.ts';
import { isSet, listNotes, type Note, noteIf } from './notes.ts';
import type { Origins } from './parents.ts';

type Build = NonNullable<DefinitionInput['build']>;
type Components = NonNullable<DefinitionInput['components']>;

const MOST_INSTANCE_TYPES = 5;
const ROOT_DEVICES = new Set(['/dev/xvda', '/dev/sda1']);
/** Graviton families carry a `g` after their generation, `a1` is the first of them (AWSEC2 instance-types naming). */
const ARM_TYPE = /^(?:a1|[a-z]+[0-9]+g[a-z]*)\./;
const ARM_NAME = /arm64|aarch64|arm-64/i;

export type Architecture = 'x86_64' | 'arm64';

/** The architecture of the instance types, else of the parent; of a base that is no pipeline it is guessed from its name. */
export function findArchitecture(found: FoundPipeline, origins: Origins): Architecture {
  const { recipe, infrastructure } = found;
  const types = infrastructure?.instanceTypes ?? [];
  if (types.length > 0) return types.every((type) => ARM_TYPE.test(type)) ? 'arm64' : 'x86_64';
  const parent = origins.get(found)?.parent;
  if (parent !== undefined) return findArchitecture(parent, origins);
  return ARM_NAME.test(recipe?.parentImage ?? '') ? 'arm64' : 'x86_64';
}

/** Build components in their order, and the test components apart: Image Builder keeps both in one list, the component says which it is. */
export function importComponents(found: FoundPipeline): {
  readonly build: Components;
  readonly tests: Components;
  readonly notes: Note[];
} {
  const uses = found.recipe?.components ?? [];
  const isTest = (use: ComponentConfiguration) => findComponentType(found.components, use) === 'TEST';
  const tests = uses.filter(isTest);
  const areTestsOn = found.pipeline.imageTestsConfiguration?.imageTestsEnabled !== false;
  const unread = uses.filter(({ componentArn = '' }) => !found.components.has(componentArn));
  return {
    build: uses.filter((use) => !isTest(use)).map(toComponent),
    tests: areTestsOn ? tests.map(toComponent) : [],
    notes: [
      ...unread.map(({ componentArn = '' }) => ({
        field: 'imageRecipe.components',
        reason: `${componentArn} could not be read, so it is taken for a build component.`,
      })),
      ...noteIf(
        !areTestsOn && tests.length > 0,
        'imagePipeline.imageTestsConfiguration',
        `Tests are off, so these are left out: ${tests.map(({ componentArn }) => componentArn).join(', ')}`,
      ),
    ],
  };
}

function findComponentType(
  components: ReadonlyMap<string, Component>,
  { componentArn = '' }: ComponentConfiguration,
): string {
  return components.get(componentArn)?.type ?? 'BUILD';
}

function toComponent({ componentArn = '', parameters = [] }: ComponentConfiguration): Components[number] {
  if (parameters.length === 0) return { component: componentArn };
  return {
    component: componentArn,
    parameters: Object.fromEntries(
      parameters.map(({ name = '', value = [] }) => [name, value.length === 1 ? (value[0] ?? '') : value]),
    ),
  };
}

export function importVolumes(recipe: ImageRecipe): {
  readonly build: Pick<Build, 'rootVolumeGiB' | 'dataVolumes'>;
  readonly notes: Note[];
} {
  const notes: Note[] = [];
  const dataVolumes: NonNullable<Build['dataVolumes']> = [];
  const roots: { readonly deviceName: string; readonly sizeGiB: number }[] = [];
  for (const { deviceName = '', ebs, noDevice, virtualName } of recipe.blockDeviceMappings ?? []) {
    const field = `imageRecipe.blockDeviceMappings ${deviceName}`;
    notes.push(
      ...noteIf(
        isSet(noDevice) || isSet(virtualName),
        field,
        'Only EBS volumes are added, and none taken away.',
      ),
      ...listNotes(
        field,
        { ...ebs, kept: ebs?.deleteOnTermination === false ? true : undefined },
        {
          encrypted: 'Images are encrypted where they are copied to, with the key of the target.',
          kmsKeyId: 'Images are encrypted where they are copied to, with the key of the target.',
          snapshotId: 'A volume begins empty, not from a snapshot.',
          volumeType: 'Volumes have the type that the base image gives them.',
          iops: 'Volumes have the performance that the base image gives them.',
          throughput: 'Volumes have the performance that the base image gives them.',
          kept: 'Volumes of build instances are deleted with them.',
        },
      ),
    );
    const sizeGiB = ebs?.volumeSize;
    if (sizeGiB === undefined) continue;
    if (ROOT_DEVICES.has(deviceName)) roots.push({ deviceName, sizeGiB });
    else if (/^\/dev\/[a-z0-9]+$/.test(deviceName)) dataVolumes.push({ device: deviceName, sizeGiB });
    else notes.push({ field, reason: 'Only devices such as /dev/sdf can be named.' });
  }
  const rootVolumeGiB = roots.at(-1)?.sizeGiB;
  const sizes = roots.map(({ deviceName, sizeGiB }) => `${deviceName} with ${sizeGiB} GiB`);
  notes.push(
    ...noteIf(
      roots.length > 1,
      'imageRecipe.blockDeviceMappings',
      `An image has one root volume, and the last of these is taken for it: ${sizes.join(', ')}. Write to build.rootVolumeGiB what is meant.`,
    ),
  );
  return {
    build: {
      ...(rootVolumeGiB === undefined ? {} : { rootVolumeGiB }),
      ...(dataVolumes.length === 0 ? {} : { dataVolumes }),
    },
    notes,
  };
}

/** The order in which Image Builder tries instance types is kept. */
export function importInstanceTypes(
  found: FoundPipeline,
  architecture: Architecture,
): {
  readonly instanceTypes: string[] | undefined;
  readonly notes: Note[];
} {
  const types = found.infrastructure?.instanceTypes ?? [];
  const given = types.length > 0 ? types.slice(0, MOST_INSTANCE_TYPES) : undefined;
  const left = types.slice(MOST_INSTANCE_TYPES);
  return {
    instanceTypes: given ?? (architecture === 'arm64' ? ['t4g.medium'] : undefined),
    notes: noteIf(
      left.length > 0,
      'infrastructureConfiguration.instanceTypes',
      `At most ${MOST_INSTANCE_TYPES} are tried; left out: ${left.join(', ')}`,
    ),
  };
}
