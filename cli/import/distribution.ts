/** Distribution settings of an imported pipeline. */
import type {
  AmiDistributionConfiguration,
  Distribution,
  LaunchTemplateConfiguration,
} from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { FoundPipeline } from './image-builder.ts';
import { listNotes, type Note, noteIf } from './notes.ts';
import { chooseParameter, listCopyAccounts, listFirst } from './parameters.ts';

type DistributionInput = NonNullable<DefinitionInput['distribution']>;
type Target = NonNullable<DistributionInput['targets']>[number];

const FIELD = 'distributionConfiguration';
const MOST_TARGETS = 100;

/** `account`: the pipeline's own; Image Builder distributes to it where no other account is named. */
export function importDistribution(
  found: FoundPipeline,
  account: string,
): { readonly distribution: DistributionInput; readonly notes: Note[] } {
  const regions = found.distribution?.distributions ?? [];
  const targets = regions.map((distribution) => importTargets(distribution, account));
  const tags = importTags(found, regions);
  const all = mergeTargets(targets.flatMap((entry) => entry.targets));
  const parameter = chooseParameter(found, all.slice(0, MOST_TARGETS));
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
      ...regions.flatMap(listUnsupported),
      ...noteIf(
        all.length > MOST_TARGETS,
        FIELD,
        `At most ${MOST_TARGETS} of ${all.length} targets are taken; left out: ${listFirst(all.slice(MOST_TARGETS).map(describeTarget))}. Write them into a second definition that is built on this one.`,
      ),
    ],
  };
}

function describeTarget({ account, regions }: Target): string {
  return `${account} ${regions.join(' ')}`;
}

function importTargets(distribution: Distribution, account: string): { targets: Target[]; notes: Note[] } {
  const {
    region = '',
    amiDistributionConfiguration: ami = {},
    launchTemplateConfigurations = [],
  } = distribution;
  const field = `${FIELD} ${region}`;
  const copies = listCopyAccounts(distribution, account);
  const shares = (ami.launchPermission?.userIds ?? []).filter((id) => !copies.includes(id));
  const templates = listTemplates(launchTemplateConfigurations, account);
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

function listTemplates(
  configurations: readonly LaunchTemplateConfiguration[],
  account: string,
): Map<string, string[]> {
  const templates = new Map<string, string[]>();
  for (const { accountId = account, launchTemplateId = '' } of configurations)
    templates.set(accountId, [...(templates.get(accountId) ?? []), launchTemplateId]);
  return templates;
}

/** Merges targets that differ in their region only. */
function mergeTargets(targets: readonly Target[]): Target[] {
  const byRest = new Map<string, Target>();
  for (const { regions, ...rest } of targets) {
    const key = JSON.stringify(rest);
    const known = byRest.get(key);
    byRest.set(key, { ...rest, regions: [...new Set([...(known?.regions ?? []), ...regions])] });
  }
  return [...byRest.values()].map(({ account, regions, ...rest }) => ({ account, regions, ...rest }));
}

function importTags(
  { recipe }: FoundPipeline,
  regions: readonly Distribution[],
): { tags: Record<string, string>; notes: Note[] } {
  const tags: Record<string, string> = {};
  const differing = new Set<string>();
  const ofRegions = regions.map((entry) => entry.amiDistributionConfiguration?.amiTags ?? {});
  const given = [recipe?.amiTags, ...ofRegions];
  for (const [key, value] of given.flatMap((entry) => Object.entries(entry ?? {}))) {
    if (key in tags && tags[key] !== value) differing.add(key);
    tags[key] = value;
  }
  const reason = `Images have the same tags everywhere; of these the last value stands: ${[...differing].join(', ')}.`;
  const everywhere = recipe?.amiTags ?? {};
  const spread = Object.keys(tags).filter(
    (key) => !(key in everywhere) && ofRegions.some((own) => !(key in own)),
  );
  return {
    tags,
    notes: [
      ...noteIf(differing.size > 0, `${FIELD}.amiTags`, reason),
      ...noteIf(
        spread.length > 0,
        `${FIELD}.amiTags`,
        `Images have the same tags everywhere; these are of some regions alone, and are given in all: ${spread.join(', ')}. Remove from distribution.tags what would be wrong elsewhere.`,
      ),
    ],
  };
}

const ORGANISATIONS = 'Sharing with organisations and their units is not implemented yet.';

function listUnsupported(distribution: Distribution): Note[] {
  const place = `${FIELD} ${distribution.region}`;
  const ami: AmiDistributionConfiguration = distribution.amiDistributionConfiguration ?? {};
  return [
    ...listNotes(
      place,
      { ...distribution },
      {
        containerDistributionConfiguration: 'Container images are not implemented yet.',
        licenseConfigurationArns: 'Licence configurations are not attached.',
        s3ExportConfiguration: 'Images are not exported to Amazon S3.',
        fastLaunchConfigurations: 'Fast launch is for Windows.',
      },
    ),
    ...listNotes(
      place,
      { ...ami },
      {
        name: 'Images are named ovenbird-<pipeline>-<variant>-<bake>; the tags say the rest.',
        description: 'Images are described by their pipeline and bake.',
      },
    ),
    ...listNotes(
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
