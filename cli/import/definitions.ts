/**
 * Pipelines of EC2 Image Builder as definitions. What has no equivalent is noted with its reason; a pipeline that cannot work without it is skipped,
 * with the reason.
 */
import type { ImagePipeline, ImageRecipe } from '@aws-sdk/client-imagebuilder';
import {
  API_VERSION,
  type DefinitionInput,
  DefinitionSchema,
} from '../../shared/domain/definitions/definition.ts';
import { describeIssues } from '../definition-problems.ts';
import { parseBase } from './base.ts';
import { importDistribution } from './distribution.ts';
import type { FoundPipeline } from './image-builder.ts';
import type { Imported } from './imported.ts';
import {
  importAgent,
  importInstanceTags,
  importInstanceTypes,
  importMetadata,
  importPlacement,
} from './instances.ts';
import { chooseNames } from './names.ts';
import { isSet, listNotes, type Note, noteIf } from './notes.ts';
import { assignParameters } from './parameters.ts';
import { findOrigins, type Origins } from './parents.ts';
import { findArchitecture, importComponents } from './recipe.ts';
import { importTriggers } from './triggers.ts';
import { importVolumes } from './volumes.ts';

export type { Imported } from './imported.ts';

const LONGEST_DESCRIPTION = 500;
/** The suite that every definition needs; Image Builder has components for that. It passes on a degraded system too, as an image may be by design. */
const BOOTS = `set -eu
systemctl is-system-running --wait || systemctl --failed
test -f /etc/os-release
`;

export function importDefinitions(found: readonly FoundPipeline[]): Imported[] {
  const names = chooseNames(found.map(({ pipeline }) => pipeline.name ?? ''));
  const nameOf = new Map(found.map(({ pipeline }, index) => [pipeline.arn ?? '', names[index] ?? '']));
  // A skipped pipeline is no base, so skipping one may skip those built on it.
  let left = new Set(
    found.filter(({ pipeline, recipe }) => describeObstacle(pipeline, recipe) === undefined),
  );
  for (let rounds = 0; ; rounds += 1) {
    const taken = left;
    const origins = findOrigins([...taken], nameOf);
    const imported = found.map((entry) => importDefinition(entry, nameOf, origins));
    left = new Set(found.filter((_, index) => imported[index]?.skipped === undefined));
    if (left.size === taken.size || rounds > found.length) return assignParameters(imported);
  }
}

function describeObstacle(pipeline: ImagePipeline, recipe: FoundPipeline['recipe']): string | undefined {
  if (pipeline.containerRecipeArn !== undefined)
    return 'It makes container images, which are not implemented yet.';
  if (recipe === undefined) return 'Its recipe could not be read.';
  const platform = recipe.platform ?? pipeline.platform;
  if (platform !== undefined && platform !== 'Linux')
    return `It makes images of ${platform}; tests are shell scripts, for Linux.`;
  return undefined;
}

function importDefinition(
  found: FoundPipeline,
  nameOf: ReadonlyMap<string, string>,
  origins: Origins,
): Imported {
  const { pipeline, recipe } = found;
  const { arn = '', name = '' } = pipeline;
  const skipped = describeObstacle(pipeline, recipe);
  if (skipped !== undefined || recipe === undefined) return { arn, name, notes: [], skipped: skipped ?? '' };
  const [, , , region = '', account = ''] = arn.split(':');
  const { parent, notes: originNotes = [] } = origins.get(found) ?? {};
  const base =
    parent === undefined
      ? parseBase(recipe.parentImage ?? '', { region, account })
      : { base: { pipeline: nameOf.get(parent.pipeline.arn ?? '') ?? '' }, notes: [] };
  if ('reason' in base) return { arn, name, notes: [], skipped: base.reason };

  const components = importComponents(found);
  const volumes = importVolumes(recipe);
  const architecture = findArchitecture(found, origins);
  const types = importInstanceTypes(found);
  const tags = importInstanceTags(found);
  const place = importPlacement(found);
  const metadata = importMetadata(found);
  const { triggers, lifecycle, notes: triggerNotes } = importTriggers(pipeline);
  const { distribution, notes: distributionNotes } = importDistribution(found, account);
  const description = importDescription(pipeline, recipe);
  const build = {
    ...(types.instanceTypes === undefined ? {} : { instanceTypes: types.instanceTypes }),
    ...tags.own,
    ...place.own,
    ...metadata.build,
    ...volumes.build,
    ...importAgent(recipe),
  };
  const definition: DefinitionInput = {
    apiVersion: API_VERSION,
    name: nameOf.get(arn) ?? '',
    ...(description.text === '' ? {} : { description: description.text }),
    base: base.base,
    ...(components.build.length === 0 ? {} : { components: components.build }),
    ...(architecture === 'arm64' ? { variants: [{ name: 'arm64', architecture }] } : {}),
    ...(Object.keys(build).length === 0 ? {} : { build }),
    tests: {
      ...(types.instanceTypes === undefined ? {} : { instanceTypes: types.instanceTypes }),
      ...tags.own,
      ...place.own,
      ...metadata.tests,
      suites: [{ name: 'boots', script: BOOTS }],
      ...(components.tests.length === 0 ? {} : { components: components.tests }),
    },
    // Image Builder has no approval.
    approval: { required: false },
    ...(Object.keys(distribution).length === 0 ? {} : { distribution }),
    triggers,
    ...(lifecycle === undefined ? {} : { lifecycle }),
  };
  const notes = [
    noteWeakSuite(components.tests.length),
    ...noteIf(definition.name !== name, 'imagePipeline.name', `It is called "${name}" at Image Builder.`),
    ...description.notes,
    ...originNotes,
    ...base.notes,
    ...components.notes,
    ...volumes.notes,
    ...types.notes,
    ...tags.notes,
    ...place.notes,
    ...metadata.notes,
    ...triggerNotes,
    ...distributionNotes,
    ...listUnsupported(found),
  ];
  const parsed = DefinitionSchema.safeParse(definition);
  if (parsed.success) return { arn, name, notes, definition };
  const problems = describeIssues(parsed.error.issues, definition);
  const why = problems.map(({ field, message }) => `${field} ${message}`).join('; ');
  return { arn, name, notes, skipped: `A definition cannot say it: ${why}.` };
}

/** Comes first, since whoever releases by this file relies on it. */
function noteWeakSuite(components: number): Note {
  const others = components === 0 ? 'Nothing else tests the image' : 'Only the test components do';
  return {
    field: 'tests.suites[0]',
    reason: `The suite "boots" only shows that the image starts; it cannot fail once that is so. ${others}: write here what the image must be able to do.`,
  };
}

function importDescription(pipeline: ImagePipeline, recipe: ImageRecipe): { text: string; notes: Note[] } {
  const whole = pipeline.description ?? recipe.description ?? '';
  return {
    text: whole.slice(0, LONGEST_DESCRIPTION),
    notes: noteIf(
      whole.length > LONGEST_DESCRIPTION,
      pipeline.description === undefined ? 'imageRecipe.description' : 'imagePipeline.description',
      `It has ${whole.length} characters, and a description at most ${LONGEST_DESCRIPTION}: the end is cut off.`,
    ),
  };
}

function listUnsupported({ pipeline, recipe, infrastructure, distribution }: FoundPipeline): Note[] {
  const { imageTestsConfiguration: tests, imageScanningConfiguration: scanning } = pipeline;
  return [
    ...listNotes(
      'imagePipeline',
      { ...pipeline },
      {
        workflows: 'Workflows of your own are not implemented.',
        executionRole: 'It belongs to the workflows.',
        loggingConfiguration: 'Logs go to the log groups of Image Builder and of Ovenbird.',
        tags: 'Tags of the pipeline itself: a definition has none.',
        imageTags: 'Tags of the image at Image Builder; tags of the AMI are distribution.tags.',
      },
    ),
    ...noteIf(
      scanning?.imageScanningEnabled === true,
      'imagePipeline.imageScanningConfiguration',
      'Images are not scanned while they are built; findings of Amazon Inspector bake them again.',
    ),
    ...noteIf(
      tests?.timeoutMinutes !== undefined && tests.timeoutMinutes !== DEFAULT_MINUTES,
      'imagePipeline.imageTestsConfiguration.timeoutMinutes',
      `It is ${tests?.timeoutMinutes} minutes for all tests; each suite has a timeout of its own.`,
    ),
    ...noteIf(
      pipeline.enhancedImageMetadataEnabled === false,
      'imagePipeline.enhancedImageMetadataEnabled',
      'What is installed is always listed.',
    ),
    ...listNotes(
      'imageRecipe',
      { ...recipe },
      {
        tags: 'Tags of the recipe itself: a definition has none; tags of the AMI are distribution.tags.',
      },
    ),
    ...noteIf(
      isSet(recipe?.additionalInstanceConfiguration?.userDataOverride),
      'imageRecipe.additionalInstanceConfiguration.userDataOverride',
      'User data of your own is not taken over.',
    ),
    ...noteIf(
      isSet(recipe?.workingDirectory) && recipe?.workingDirectory !== '/tmp',
      'imageRecipe.workingDirectory',
      'Components run in /tmp.',
    ),
    ...listNotes(
      'infrastructureConfiguration',
      { ...infrastructure },
      {
        placement: 'Instances run on shared hardware of EC2; hosts and tenancy are not taken over.',
        keyPair: 'Build instances allow no login.',
        logging: 'Logs are not copied to Amazon S3.',
        snsTopicArn: 'Notifications go to the topic of Ovenbird; subscribe to it.',
        tags: 'Tags of the configuration itself: a definition has none.',
      },
    ),
    ...noteIf(
      infrastructure?.terminateInstanceOnFailure === false,
      'infrastructureConfiguration.terminateInstanceOnFailure',
      'Instances of failed builds are terminated.',
    ),
    ...listNotes(
      'distributionConfiguration',
      { ...distribution },
      { tags: 'Tags of the configuration itself: a definition has none.' },
    ),
    ...noteIf(
      distribution !== undefined && distribution.timeoutMinutes !== DEFAULT_MINUTES,
      'distributionConfiguration.timeoutMinutes',
      'Copies have as long as they take.',
    ),
  ];
}

/** imagebuilder ImageTestsConfiguration.timeoutMinutes, DistributionConfiguration.timeoutMinutes */
const DEFAULT_MINUTES = 720;
