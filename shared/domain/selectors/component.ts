/** Components: the newest version of an Image Builder component that fits an ARN. */
import * as z from 'zod';
import { createTextSchema, lazyObject, lazyStrictObject } from '../base/schemas.ts';
import {
  arnTopic,
  canArnResolveTo,
  completeArnVersion,
  createArnPattern,
  findArnProblems,
  removeArnPrefix,
  toBuildArn,
} from './build-arns.ts';
import { readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

/** A full ARN, or the short form `name/1.x.x`: a component of the control account in its home region. */
const Form = lazyStrictObject(() => ({
  component: createTextSchema(
    createArnPattern('component', 'arn or short'),
    'a component ARN or name/version such as harden-ssh/1.x.x',
    'harden-ssh/1.x.x',
  ),
}));
const Stored = lazyStrictObject(() => ({ kind: z.literal('component'), arn: z.string() }));
const CallDetail = lazyObject(() => ({
  errorCode: z.string().optional(),
  requestParameters: z.object({ name: z.string() }).nullish(),
  responseElements: z.object({ componentBuildVersionArn: z.string() }).nullish(),
}));

export const component = {
  kind: 'component',
  usableAs: ['component'],
  comparesAs: 'semver',
  speed: 'fast',
  form: Form,
  stored: Stored,
  normalise({ component: written }, at) {
    const arn = written.startsWith('arn:') ? written : toBuildArn(`component/${written}`, at.home);
    const problems = findArnProblems(arn, { ...at, field: `${at.field}.component` });
    return { selector: { kind: 'component', arn }, problems };
  },
  key: ({ arn }) => `component:${arn}`,
  topic: ({ arn }) => arnTopic(arn),
  describe: (rest) => `component ${removeArnPrefix(rest)}`,
  topicsIn: (event) =>
    readEvent(event, ['aws.imagebuilder/AWS API Call via CloudTrail'], CallDetail, (call) => {
      if (call.errorCode !== undefined) return { ignored: `The call failed: ${call.errorCode}.` };
      const arn = call.responseElements?.componentBuildVersionArn;
      if (arn !== undefined) return { topics: [arnTopic(arn)] };
      if (call.requestParameters == null) return undefined;
      // What the response holds is not documented; the ARN follows from the name (imagebuilder CreateComponentRequest.name).
      const name = call.requestParameters.name.toLowerCase().replaceAll(/[ _]/g, '-');
      return { topics: [toBuildArn(`component/${name}`, event)] };
    }),
  pinTo: (selector, version) => ({ ...selector, arn: version }),
  describeUnresolved: ({ arn }, reason) => ({
    message: `${removeArnPrefix(arn)}: ${reason}`,
    fix: 'Create the component with EC2 Image Builder, or correct its name or version.',
  }),
  completeKey: (rest, home) => `component:${toBuildArn(`component/${rest}`, home)}`,
  completeVersion: (selector, version) => completeArnVersion(selector, version),
  canResolveTo: (selector, version) => canArnResolveTo(selector, version),
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;
