import { DistributionFailed, PreflightFailed } from '../../../shared/domain/base/errors.ts';
import type { TargetAccount, Targets } from '../../../shared/ports/targets.ts';
import { type ImageWorld, toLocationKey, type WorldTemplate } from './image-world.ts';

/** The targets' side of an image world. `closed` accounts have no role for us. */
export function fakeLocations(world: ImageWorld, closed: ReadonlySet<string> = new Set()): Targets {
  return {
    open: async (account, region) => {
      world.beforeCall('open', { account, region });
      if (closed.has(account))
        throw new PreflightFailed(
          `The role in ${account} cannot be assumed: deploy the template for targets.`,
        );
      return fakePointers(world, { account, region });
    },
  };
}

function fakePointers(world: ImageWorld, place: { account: string; region: string }): TargetAccount {
  const entered = async (verb: string) => world.beforeCall(verb, place);
  const templateOf = (template: string): WorldTemplate => {
    const found = world.templates.get(toLocationKey(place, template));
    if (found === undefined) throw new DistributionFailed(`There is no launch template ${template}.`);
    return found;
  };
  return {
    resolveKey: async (key) => {
      await entered('resolveKey');
      const arn = world.keys.get(toLocationKey(place, key));
      if (arn === undefined) throw new DistributionFailed(`there is no key ${key} in ${place.account}`);
      return arn;
    },
    copy: async (request) => {
      await entered('copy');
      return world.copy(place, request);
    },
    describe: async (imageId) => {
      await entered('describe');
      return world.see(place, imageId);
    },
    findByBake: async (bake) => {
      await entered('findByBake');
      return world.findByBake(place, bake);
    },
    tag: async (resources, tags) => {
      await entered('tag');
      for (const resource of resources) Object.assign(world.images.get(resource)?.tags ?? {}, tags);
    },
    deprecate: async (imageId, when) => {
      await entered('deprecate');
      world.own(place, imageId).deprecatedAt = when;
    },
    remove: async (imageId) => {
      await entered('remove');
      world.remove(place, imageId);
    },
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
      return world.parameters.get(toLocationKey(place, name))?.value;
    },
    writeParameter: async (name, imageId) => {
      await entered('writeParameter');
      world.beforePointer(place, `parameter ${name}`, imageId);
      world.parameters.set(toLocationKey(place, name), { value: imageId, type: 'String' });
    },
    removeParameter: async (name) => {
      await entered('removeParameter');
      world.parameters.delete(toLocationKey(place, name));
    },
    preflight: async ({ key, parameter, launchTemplate }) => {
      await entered('preflight');
      const findings = [];
      if (key !== undefined && !world.keys.has(toLocationKey(place, key)))
        findings.push({ field: 'key', problem: `there is no key ${key}`, fix: 'Deploy the template' });
      const standing = world.parameters.get(toLocationKey(place, parameter));
      if (standing !== undefined && standing.type !== 'String')
        findings.push({ field: 'parameter', problem: `it is a ${standing.type}`, fix: 'Name another one' });
      if (launchTemplate !== undefined && !world.templates.has(toLocationKey(place, launchTemplate)))
        findings.push({ field: 'launchTemplate', problem: 'it does not exist', fix: 'Create it' });
      return findings;
    },
  };
}
