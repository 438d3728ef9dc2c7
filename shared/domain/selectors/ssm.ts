/** `ssm:` selectors: a parameter that holds the id of an AMI, own or public, which may be pinned to a version or a label. */
import * as z from 'zod';
import { createTextSchema, lazyObject, lazyStrictObject } from '../base/schemas.ts';
import { readEvent } from './events.ts';
import type { SelectorKind } from './kind.ts';

const Form = lazyStrictObject(() => ({
  ssm: createTextSchema(
    // A name that is no path has no slash at all (systems-manager/userguide/sysman-paramstore-su-create, fully qualified names).
    /^(?:\/[A-Za-z0-9_./-]+|[A-Za-z0-9_.-]+)(?::[A-Za-z0-9_.-]+)?$/,
    'the name of a parameter, which begins with "/" where it is a path, with ":version" or ":label" where it is pinned',
    '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
  ).meta({ description: 'SSM parameter that holds an AMI id, own or public (/aws/service/...).' }),
}));
/** `pin`: a version number or a label. */
const Stored = lazyStrictObject(() => ({
  kind: z.literal('ssm'),
  name: z.string(),
  region: z.string(),
  pin: z.string().optional(),
}));
const ChangeDetail = lazyObject(() => ({ name: z.string().min(1) }));

/** AWS's own parameters: no account can write them (systems-manager/userguide/sysman-parameter-name-constraints). */
const AWS_PARAMETER = /^\/aws\//;

export const ssm = {
  kind: 'ssm',
  usableAs: ['base', 'input'],
  comparesAs: 'value',
  speed: 'fast',
  form: Form,
  stored: Stored,
  normalise({ ssm: written }, { home }) {
    const [name = '', pin] = written.split(':');
    return { selector: { kind: 'ssm', name, region: home.region, ...(pin === undefined ? {} : { pin }) } };
  },
  key: (selector) => `${parameterTopic(selector)}${selector.pin === undefined ? '' : `:${selector.pin}`}`,
  topic: (selector) => parameterTopic(selector),
  describe: (rest) => `parameter ${rest.slice(rest.indexOf(':') + 1)}`,
  topicsIn: (event) =>
    readEvent(event, ['aws.ssm/Parameter Store Change'], ChangeDetail, ({ name }) => ({
      topics: [parameterTopic({ name, region: event.region })],
    })),
  baseImage: ({ version, detail }) => detail?.amiId ?? version,
  reach: ({ name }) => (AWS_PARAMETER.test(name) ? {} : { parameter: name }),
  completeKey: (rest, { region }) => `ssm:${region}:${rest}`,
  // A number is one version for ever; a label is put on another one.
  canResolveTo: ({ pin = '' }, version, present) => !/^[0-9]+$/.test(pin) || version === present,
} satisfies SelectorKind<z.infer<typeof Form>, z.infer<typeof Stored>>;

export function parameterTopic({ name, region }: { readonly name: string; readonly region: string }): string {
  return `ssm:${region}:${name}`;
}
