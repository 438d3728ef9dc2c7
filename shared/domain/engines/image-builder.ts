import * as z from 'zod';
import { lazyObject } from '../base/schemas.ts';
import type { EngineKind } from './engine.ts';

/** imagebuilder/userguide/integ-eventbridge */
const StateChange = lazyObject(() => ({
  'detail-type': z.literal('EC2 Image Builder Image State Change'),
  resources: z.array(z.string()).min(1),
}));

/** imagebuilder quotas, components per recipe */
const COMPONENTS_PER_RECIPE = 20;

const settings = {
  /** Lets Image Builder run the test components too, while it builds; they are part of the bits then. */
  imageBuilderTests: z.boolean().default(false),
  /** As a recipe has it (imagebuilder AdditionalInstanceConfiguration). */
  additionalInstanceConfiguration: z
    .strictObject({
      systemsManagerAgent: z.strictObject({
        uninstallAfterBuild: z.boolean().meta({
          description:
            'Image Builder installs the agent of Systems Manager where the base lacks it, and removes it again; tests need it. false keeps it, true removes the one of the base too.',
        }),
      }),
    })
    .optional(),
};

/** EC2 Image Builder. */
export const imageBuilder = {
  settings,
  contents: ({ imageBuilderTests, additionalInstanceConfiguration }) => ({
    ...(imageBuilderTests ? { imageBuilderTests } : {}),
    ...(additionalInstanceConfiguration === undefined ? {} : { additionalInstanceConfiguration }),
  }),
  runsTests: ({ imageBuilderTests }) => imageBuilderTests,
  findProblems: ({ imageBuilderTests }, { build, tests }) =>
    imageBuilderTests && build + tests > COMPONENTS_PER_RECIPE
      ? [
          {
            path: ['tests', 'components'],
            message: `with build.imageBuilderTests there may be ${COMPONENTS_PER_RECIPE} together with components: a recipe of EC2 Image Builder holds no more`,
          },
        ]
      : [],
  buildIn: (event) => {
    const parsed = StateChange.safeParse(event);
    return parsed.success ? parsed.data.resources[0] : undefined;
  },
} as const satisfies EngineKind<typeof settings>;
