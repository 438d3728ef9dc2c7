/**
 * Pipelines of EC2 Image Builder as definitions. What cannot be said in a definition is noted with its reason; a pipeline of which nothing sensible
 * would be left is not taken over, and its reason is given.
 */
import type { ImagePipeline, ImageRecipe } from '@aws-sdk/client-imagebuilder';
import {
  API_VERSION,
  type DefinitionInput,
  DefinitionSchema,
} from '../../shared/domain/definitions/definition.ts';
import { problemsOfIssues } from '../definition-problems.ts';
import { otherBase } from './base.ts';
import { distributionOf } from './distribution.ts';
import type { FoundPipeline } from './image-builder.ts';
import type { Imported } from './imported.ts';
import { namesFor } from './names.ts';
import { isSet, type Note, noteIf, notesOf } from './notes.ts';
import { withOwnParameters } from './parameters.ts';
import { type Origins, originsAmong } from './parents.ts';
import { architectureOf, componentsOf, instanceTypesOf, volumesOf } from './recipe.ts';
import { triggersOf } from './triggers.ts';

export type { Imported } from './imported.ts';

const LONGEST_DESCRIPTION = 500;
/** The suite that every definition needs; Image Builder has components for that. */
const BOOTS = `set -eu
systemctl is-system-running --wait || systemctl --failed
test -f /etc/os-release
`;

export function definitionsOf(found: readonly FoundPipeline[]): Imported[] {
  const names = namesFor(found.map(({ pipeline }) => pipeline.name ?? ''));
  const nameOf = new Map(found.map(({ pipeline }, index) => [pipeline.arn ?? '', names[index] ?? '']));
  // A parent that is left out is no base; leaving one out may leave others without theirs.
  let left = new Set(found.filter(({ pipeline, recipe }) => whyNot(pipeline, recipe) === undefined));
  for (let rounds = 0; ; rounds += 1) {
    const taken = left;
    const origins = originsAmong([...taken], nameOf);
    const imported = found.map((entry) => importOne(entry, nameOf, origins));
    left = new Set(found.filter((_, index) => imported[index]?.skipped === undefined));
    if (left.size === taken.size || rounds > found.length) return withOwnParameters(imported);
  }
}

function whyNot(pipeline: ImagePipeline, recipe: FoundPipeline['recipe']): string | undefined {
  if (pipeline.containerRecipeArn !== undefined)
    return 'It makes container images, which are not implemented yet.';
  if (recipe === undefined) return 'Its recipe could not be read.';
  const platform = recipe.platform ?? pipeline.platform;
  if (platform !== undefined && platform !== 'Linux')
    return `It makes images of ${platform}; tests are shell scripts, for Linux.`;
  return undefined;
}

function importOne(found: FoundPipeline, nameOf: ReadonlyMap<string, string>, origins: Origins): Imported {
  const { pipeline, recipe } = found;
  const { arn = '', name = '' } = pipeline;
  const skipped = whyNot(pipeline, recipe);
  if (skipped !== undefined || recipe === undefined) return { arn, name, notes: [], skipped: skipped ?? '' };
  const [, , , region = '', account = ''] = arn.split(':');
  const { parent, notes: originNotes = [] } = origins.get(found) ?? {};
  const base =
    parent === undefined
      ? otherBase(recipe.parentImage ?? '', region)
      : { base: { pipeline: nameOf.get(parent.pipeline.arn ?? '') ?? '' }, notes: [] };
  if ('reason' in base) return { arn, name, notes: [], skipped: base.reason };

  const components = componentsOf(found);
  const volumes = volumesOf(recipe);
  const architecture = architectureOf(found, origins);
  const types = instanceTypesOf(found, architecture);
  const { triggers, lifecycle, notes: triggerNotes } = triggersOf(pipeline);
  const { distribution, notes: distributionNotes } = distributionOf(found, account);
  const description = descriptionOf(pipeline, recipe);
  const build = {
    ...(types.instanceTypes === undefined ? {} : { instanceTypes: types.instanceTypes }),
    ...volumes.build,
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
      suites: [{ name: 'boots', script: BOOTS }],
      ...(components.tests.length === 0 ? {} : { components: components.tests }),
    },
    // Image Builder asks nobody.
    approval: { required: false },
    ...(Object.keys(distribution).length === 0 ? {} : { distribution }),
    triggers,
    ...(lifecycle === undefined ? {} : { lifecycle }),
  };
  const notes = [
    ...noteIf(definition.name !== name, 'imagePipeline.name', `It is called "${name}" at Image Builder.`),
    ...description.notes,
    ...originNotes,
    ...base.notes,
    ...components.notes,
    ...volumes.notes,
    ...types.notes,
    ...triggerNotes,
    ...distributionNotes,
    ...withoutEquivalent(found),
  ];
  const parsed = DefinitionSchema.safeParse(definition);
  if (parsed.success) return { arn, name, notes, definition };
  const problems = problemsOfIssues(parsed.error.issues, definition);
  const why = problems.map(({ field, message }) => `${field} ${message}`).join('; ');
  return { arn, name, notes, skipped: `A definition cannot say it: ${why}.` };
}

function descriptionOf(pipeline: ImagePipeline, recipe: ImageRecipe): { text: string; notes: Note[] } {
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

const OWN_PLACE = 'Build and test instances run in the place that the stack of Ovenbird gives them.';

function withoutEquivalent({ pipeline, recipe, infrastructure, distribution }: FoundPipeline): Note[] {
  const { imageTestsConfiguration: tests, imageScanningConfiguration: scanning } = pipeline;
  return [
    ...notesOf(
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
    ...notesOf(
      'imageRecipe',
      { ...recipe },
      {
        additionalInstanceConfiguration:
          'User data and the removal of the Systems Manager agent are not taken over.',
        tags: 'Tags of the recipe itself: a definition has none; tags of the AMI are distribution.tags.',
      },
    ),
    ...noteIf(
      isSet(recipe?.workingDirectory) && recipe?.workingDirectory !== '/tmp',
      'imageRecipe.workingDirectory',
      'Components run in /tmp.',
    ),
    ...notesOf(
      'infrastructureConfiguration',
      { ...infrastructure },
      {
        instanceProfileName: OWN_PLACE,
        subnetId: OWN_PLACE,
        securityGroupIds: OWN_PLACE,
        placement: OWN_PLACE,
        keyPair: 'Nobody logs in to build instances.',
        logging: 'Logs are not copied to Amazon S3.',
        snsTopicArn: 'Notifications go to the topic of Ovenbird; subscribe to it.',
        resourceTags: 'Build instances have the tags of Ovenbird.',
        tags: 'Tags of the configuration itself: a definition has none.',
      },
    ),
    ...noteIf(
      infrastructure?.terminateInstanceOnFailure === false,
      'infrastructureConfiguration.terminateInstanceOnFailure',
      'Instances of failed builds are terminated.',
    ),
    ...noteIf(
      isSet(infrastructure?.instanceMetadataOptions?.httpPutResponseHopLimit) ||
        infrastructure?.instanceMetadataOptions?.httpTokens === 'optional',
      'infrastructureConfiguration.instanceMetadataOptions',
      'Instance metadata always asks for a token, with the default number of hops.',
    ),
    ...notesOf(
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
