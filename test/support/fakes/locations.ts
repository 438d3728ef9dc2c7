import { DistributionFailed, PreflightFailed } from '../../../shared/domain/base/errors.ts';
import type { ArtifactStore } from '../../../shared/ports/artifact-store.ts';
import type { ControlLocations, Location, Locations } from '../../../shared/ports/locations.ts';
import type { Pointers } from '../../../shared/ports/pointers.ts';
import { fakeArtifactStore } from './artifact-store.ts';
import { type ImageWorld, toLocationKey, type WorldTemplate } from './image-world.ts';

const LATEST_EFFECT_MS = 60_000;

interface Place {
  readonly account: string;
  readonly region: string;
}

/** All accounts and regions of an image world. `closed` accounts have no role for the product. */
export function fakeLocations(world: ImageWorld, closed: ReadonlySet<string> = new Set()): Locations {
  return {
    openControl: (region) => ({
      artifacts: { ami: fakeArtifactStore(world, { account: world.control, region }) },
    }),
    toRoleArn: (account) => `arn:aws:iam::${account}:role/OvenbirdTarget`,
    open: async (account, region) => {
      const place = { account, region };
      world.beforeCall('open', place);
      if (closed.has(account))
        throw new PreflightFailed(
          `The role in ${account} cannot be assumed: deploy the template for targets.`,
        );
      return {
        artifacts: { ami: fakeArtifactStore(world, place) },
        pointers: fakePointers(world, place),
        preflight: (request) => inspectPlace(world, place, request),
      };
    },
  };
}

/** Only images of the control account can be read, by a function that may be replaced. */
export function readableImages(images: {
  describe(region: string, id: string): ReturnType<ArtifactStore['describe']>;
}): ControlLocations<'describe'> {
  return {
    openControl: (region) => ({
      artifacts: { ami: { describe: (id) => images.describe(region, id) } },
    }),
  };
}

type Overrides = {
  readonly artifacts?: Partial<Location['artifacts']['ami']>;
  readonly pointers?: Partial<Pointers>;
};

/** Locations with other answers: in the control account, in targets, or in both. */
export function overrideLocations(
  locations: Locations,
  given: {
    readonly control?: (location: Pick<Location, 'artifacts'>) => Overrides;
    readonly target?: (location: Location) => Overrides;
  },
): Locations {
  return {
    ...locations,
    openControl: (region) => {
      const location = locations.openControl(region);
      return { artifacts: { ami: { ...location.artifacts.ami, ...given.control?.(location).artifacts } } };
    },
    open: async (account, region) => {
      const location = await locations.open(account, region);
      const { artifacts, pointers } = given.target?.(location) ?? {};
      return {
        ...location,
        artifacts: { ami: { ...location.artifacts.ami, ...artifacts } },
        pointers: { ...location.pointers, ...pointers },
      };
    },
  };
}

function fakePointers(world: ImageWorld, place: Place): Pointers {
  const entered = async (verb: string) => world.beforeCall(verb, place);
  const templateOf = (template: string): WorldTemplate => {
    const found = world.templates.get(toLocationKey(place, template));
    if (found === undefined) throw new DistributionFailed(`There is no launch template ${template}.`);
    return found;
  };
  return {
    addTemplateVersion: async (template, imageId, description) => {
      await entered('addTemplateVersion');
      const found = templateOf(template);
      const previousDefault = found.defaultVersion;
      for (const [version, entry] of found.versions)
        if (entry.description === description && entry.imageId === imageId)
          return { version, previousDefault };
      found.next += 1;
      const version = String(found.next);
      found.versions.set(version, { imageId, description });
      return { version, previousDefault };
    },
    setDefaultTemplateVersion: async (template, version) => {
      await entered('setDefaultTemplateVersion');
      const found = templateOf(template);
      const entry = found.versions.get(version);
      if (entry === undefined) throw new DistributionFailed(`No version ${version} of ${template}.`);
      world.beforePointer(place, `template ${template}`, entry.imageId);
      found.defaultVersion = version;
    },
    removeTemplateVersion: async (template, version) => {
      await entered('removeTemplateVersion');
      const found = templateOf(template);
      if (found.defaultVersion === version)
        throw new DistributionFailed('The default version cannot be deleted.');
      found.versions.delete(version);
    },
    readTemplateDefault: async (template) => {
      await entered('readTemplateDefault');
      const found = world.templates.get(toLocationKey(place, template));
      if (found === undefined) return undefined;
      const imageId = found.versions.get(found.defaultVersion)?.imageId;
      return { version: found.defaultVersion, ...(imageId === undefined ? {} : { imageId }) };
    },
    readParameter: async (name) => {
      await entered('readParameter');
      const key = toLocationKey(place, name);
      for (const coming of world.parametersToCome.filter((one) => one.key === key)) {
        coming.looks -= 1;
        // One that is never looked at often enough is dropped.
        const isLate = Number.isFinite(coming.looks) && world.now() - coming.at >= LATEST_EFFECT_MS;
        if (coming.looks >= 0 && !isLate) continue;
        world.parametersToCome.splice(world.parametersToCome.indexOf(coming), 1);
        world.parameters.set(key, { value: coming.value, type: 'String' });
      }
      return world.parameters.get(key)?.value;
    },
    writeParameter: async (name, imageId) => {
      await entered('writeParameter');
      world.beforePointer(place, `parameter ${name}`, imageId);
      const key = toLocationKey(place, name);
      const looks = world.looksUntilParameter;
      if (looks === 0) world.parameters.set(key, { value: imageId, type: 'String' });
      else if (world.parameters.get(key)?.value !== imageId)
        world.parametersToCome.push({ key, value: imageId, looks, at: world.now() });
    },
    removeParameter: async (name) => {
      await entered('removeParameter');
      world.parameters.delete(toLocationKey(place, name));
    },
  };
}

async function inspectPlace(
  world: ImageWorld,
  place: Place,
  { key, parameter, launchTemplate }: Parameters<Location['preflight']>[0],
): ReturnType<Location['preflight']> {
  world.beforeCall('preflight', place);
  const findings = [];
  if (key !== undefined && !world.keys.has(toLocationKey(place, key)))
    findings.push({ field: 'key', problem: `there is no key ${key}`, fix: 'Deploy the template' });
  const standing = world.parameters.get(toLocationKey(place, parameter));
  if (standing !== undefined && standing.type !== 'String')
    findings.push({ field: 'parameter', problem: `it is a ${standing.type}`, fix: 'Name another one' });
  if (launchTemplate !== undefined && !world.templates.has(toLocationKey(place, launchTemplate)))
    findings.push({ field: 'launchTemplate', problem: 'it does not exist', fix: 'Create it' });
  return findings;
}
