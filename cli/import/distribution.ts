/** Where an imported pipeline brings its images, and as what. */
import type {
  AmiDistributionConfiguration,
  Distribution,
  LaunchTemplateConfiguration,
} from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { FoundPipeline } from './image-builder.ts';
import { isSet, type Note, noteIf, notesOf } from './notes.ts';

type Wanted = NonNullable<DefinitionInput['distribution']>;
type Target = NonNullable<Wanted['targets']>[number];

const PLACE = 'distributionConfiguration';
const PARAMETER = /^\/[A-Za-z0-9_./{}-]+$/;
const MOST_TARGETS = 100;

/** `account`: the one that the pipeline is of; Image Builder brings an image to its owner where nobody else is named. */
export function distributionOf(
  found: FoundPipeline,
  account: string,
): { readonly distribution: Wanted; readonly notes: Note[] } {
  const regions = found.distribution?.distributions ?? [];
  const targets = regions.map((distribution) => targetsIn(distribution, account));
  const parameter = parameterOf(regions);
  const tags = tagsOf(found, regions);
  const all = merged(targets.flatMap((entry) => entry.targets));
  return {
    distribution: {
      ...(all.length === 0 ? {} : { targets: all.slice(0, MOST_TARGETS) }),
      ...(parameter.name === undefined ? {} : { parameter: parameter.name }),
      ...(Object.keys(tags.tags).length === 0 ? {} : { tags: tags.tags }),
    },
    notes: [
      ...targets.flatMap((entry) => entry.notes),
      ...parameter.notes,
      ...tags.notes,
      ...regions.flatMap(withoutEquivalent),
      ...noteIf(all.length > MOST_TARGETS, PLACE, `At most ${MOST_TARGETS} targets are taken.`),
    ],
  };
}

function targetsIn(
  { region = '', amiDistributionConfiguration: ami = {}, launchTemplateConfigurations = [] }: Distribution,
  account: string,
): { targets: Target[]; notes: Note[] } {
  const field = `${PLACE} ${region}`;
  const copies = isSet(ami.targetAccountIds) ? (ami.targetAccountIds ?? []) : [account];
  const shares = (ami.launchPermission?.userIds ?? []).filter((id) => !copies.includes(id));
  const templates = templatesOf(launchTemplateConfigurations, account);
  const target = (id: string, mode: 'copy' | 'share'): Target => {
    const [template] = templates.get(id) ?? [];
    return {
      account: id,
      regions: [region],
      ...(mode === 'share' ? { mode } : {}),
      ...(mode === 'copy' && ami.kmsKeyId !== undefined ? { key: ami.kmsKeyId } : {}),
      ...(template === undefined ? {} : { launchTemplate: template }),
    };
  };
  const targets = [...copies.map((id) => target(id, 'copy')), ...shares.map((id) => target(id, 'share'))];
  const reached = new Set(targets.map((entry) => entry.account));
  const several = [...templates].filter(([, ids]) => ids.length > 1).map(([id]) => id);
  const elsewhere = [...templates.keys()].filter((id) => !reached.has(id));
  return {
    targets,
    notes: [
      ...noteIf(
        several.length > 0,
        `${field}.launchTemplateConfigurations`,
        `One launch template per target is moved: the first of ${several.join(', ')}.`,
      ),
      ...noteIf(
        elsewhere.length > 0,
        `${field}.launchTemplateConfigurations`,
        `These accounts are no targets there: ${elsewhere.join(', ')}.`,
      ),
      ...noteIf(
        launchTemplateConfigurations.some(({ setDefaultVersion }) => setDefaultVersion === false),
        `${field}.launchTemplateConfigurations.setDefaultVersion`,
        'A new version always becomes the default, last of all.',
      ),
    ],
  };
}

function templatesOf(
  configurations: readonly LaunchTemplateConfiguration[],
  account: string,
): Map<string, string[]> {
  const templates = new Map<string, string[]>();
  for (const { accountId = account, launchTemplateId = '' } of configurations)
    templates.set(accountId, [...(templates.get(accountId) ?? []), launchTemplateId]);
  return templates;
}

/** Targets that differ in nothing but their region are one. */
function merged(targets: readonly Target[]): Target[] {
  const byRest = new Map<string, Target>();
  for (const { regions, ...rest } of targets) {
    const key = JSON.stringify(rest);
    const known = byRest.get(key);
    byRest.set(key, { ...rest, regions: [...new Set([...(known?.regions ?? []), ...regions])] });
  }
  return [...byRest.values()].map(({ account, regions, ...rest }) => ({ account, regions, ...rest }));
}

/** One name for all targets. */
function parameterOf(regions: readonly Distribution[]): { name: string | undefined; notes: Note[] } {
  const configured = regions.flatMap(({ ssmParameterConfigurations = [] }) => ssmParameterConfigurations);
  const names = [...new Set(configured.map(({ parameterName = '' }) => parameterName))];
  const usable = names.filter((name) => PARAMETER.test(name));
  const [name] = usable;
  const field = `${PLACE}.ssmParameterConfigurations`;
  const others = names.filter((entry) => entry !== name);
  return {
    name,
    notes: [
      ...others.map((entry) => ({
        field,
        reason: PARAMETER.test(entry)
          ? `All targets have one parameter; ${entry} is left out.`
          : `"${entry}" is no full name: it does not begin with "/".`,
      })),
      ...noteIf(
        configured.some(({ dataType }) => dataType === 'text'),
        `${field}.dataType`,
        'Parameters have the type aws:ec2:image.',
      ),
    ],
  };
}

function tagsOf(
  { recipe }: FoundPipeline,
  regions: readonly Distribution[],
): { tags: Record<string, string>; notes: Note[] } {
  const tags: Record<string, string> = {};
  const differing = new Set<string>();
  const given = [recipe?.amiTags, ...regions.map((entry) => entry.amiDistributionConfiguration?.amiTags)];
  for (const [key, value] of given.flatMap((entry) => Object.entries(entry ?? {}))) {
    if (key in tags && tags[key] !== value) differing.add(key);
    tags[key] = value;
  }
  const reason = `Images have the same tags everywhere; of these the last value stands: ${[...differing].join(', ')}.`;
  return { tags, notes: noteIf(differing.size > 0, `${PLACE}.amiTags`, reason) };
}

const ORGANISATIONS = 'Sharing with organisations and their units is not implemented yet.';

function withoutEquivalent(distribution: Distribution): Note[] {
  const place = `${PLACE} ${distribution.region}`;
  const ami: AmiDistributionConfiguration = distribution.amiDistributionConfiguration ?? {};
  return [
    ...notesOf(
      place,
      { ...distribution },
      {
        containerDistributionConfiguration: 'Container images are not implemented yet.',
        licenseConfigurationArns: 'Licence configurations are not attached.',
        s3ExportConfiguration: 'Images are not exported to Amazon S3.',
        fastLaunchConfigurations: 'Fast launch is for Windows.',
      },
    ),
    ...notesOf(
      place,
      { ...ami },
      {
        name: 'Images are named ovenbird-<pipeline>-<variant>-<bake>; the tags say the rest.',
        description: 'Images are described by their pipeline and bake.',
      },
    ),
    ...notesOf(
      place,
      { ...ami.launchPermission },
      {
        userGroups: 'Images are not made public.',
        organizationArns: ORGANISATIONS,
        organizationalUnitArns: ORGANISATIONS,
      },
    ),
  ];
}
