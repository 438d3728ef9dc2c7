/** Components and architecture of an imported pipeline. */
import type { Component, ComponentConfiguration } from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import type { FoundPipeline } from './image-builder.ts';
import { type Note, noteIf } from './notes.ts';
import { listFirst } from './parameters.ts';
import type { Origins } from './parents.ts';

/** As many as a recipe of today holds; there may be older ones with more. */
const MOST_COMPONENTS = 20;

type Components = NonNullable<DefinitionInput['components']>;

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
  const build = uses.filter((use) => !isTest(use)).map(toComponent);
  const judging = areTestsOn ? tests.map(toComponent) : [];
  const unread = uses.filter(({ componentArn = '' }) => !found.components.has(componentArn));
  return {
    build: build.slice(0, MOST_COMPONENTS),
    tests: judging.slice(0, MOST_COMPONENTS),
    notes: [
      ...[build, judging].flatMap(noteTooMany),
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

function noteTooMany(components: Components): Note[] {
  const left = components.slice(MOST_COMPONENTS).map(({ component }) => component);
  const reason = `At most ${MOST_COMPONENTS} of ${components.length} components are taken; left out: ${listFirst(left)}`;
  return noteIf(left.length > 0, 'imageRecipe.components', reason);
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
