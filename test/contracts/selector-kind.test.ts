import { describe, expect, it } from '@jest/globals';
import { describeSelector } from '../../shared/domain/selectors/describe.ts';
import {
  findFormKind,
  isSlowTopic,
  listSelectorKinds,
  type Selector,
  SelectorSchema,
  selectorKey,
  selectorTopic,
} from '../../shared/domain/selectors/selectors.ts';

const HOME = { account: '111122223333', region: 'eu-west-1' };

/** A form of each kind, as a definition writes it. A further kind does not compile without its own. */
const FORMS: { readonly [Kind in Selector['kind']]: Readonly<Record<Kind, unknown>> } = {
  pipeline: { pipeline: 'al2023-base' },
  component: { component: 'harden-ssh/1.x.x' },
  ssm: { ssm: '/golden/al2023/id:approved' },
  image: { image: 'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86/x.x.x' },
  ami: { ami: 'ami-0f3c9a1b2d4e5f678' },
  lookup: { lookup: { owner: 'self', name: 'corp-linux-*' } },
  container: { container: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/web' },
  source: { source: { bucket: 'my-sources', key: 'web/site.tar.gz' } },
  packages: {
    packages: { feed: 'https://packages.example.com/el9', format: 'rpm', names: ['zlib', 'openssl', 'zlib'] },
  },
};

describe.each(listSelectorKinds())('the selector kind $kind', (kind) => {
  const normalise = (form: object) =>
    kind.normalise(kind.form.parse(form), { field: 'inputs[0]', home: HOME });
  const { selector, problems = [] } = normalise(FORMS[kind.kind]);

  it('is told from the other forms by the field of its name', () => {
    expect(findFormKind(FORMS[kind.kind])).toBe(kind);
    expect(kind.form.safeParse({ ...FORMS[kind.kind], more: true }).success).toBe(false);
  });

  it('has a normal form that records hold, the same for equal forms', () => {
    expect(problems).toEqual([]);
    expect(SelectorSchema.parse(structuredClone(selector))).toEqual(selector);
    expect(selectorKey(normalise(structuredClone(FORMS[kind.kind])).selector)).toBe(selectorKey(selector));
  });

  it('has keys that begin with its name, and a topic that tells the function which resolves it', () => {
    expect(selectorKey(selector)).toMatch(new RegExp(`^${kind.kind}:.`));
    expect(isSlowTopic(selectorTopic(selector))).toBe(kind.speed === 'slow');
    expect(describeSelector(selectorKey(selector))).not.toBe('');
  });

  it('gives a parent image wherever it may be the base, or says why it cannot be', () => {
    const version = 'ami-0f3c9a1b2d4e5f678';
    const image = kind.baseImage?.({ version, detail: { amiId: version, 'x86-64': version } }, 'x86-64');

    expect(image !== undefined || kind.baseRefusal !== undefined).toBe(kind.usableAs.includes('base'));
  });

  it('ignores events that it does not know', () => {
    const event = { source: 'example', 'detail-type': 'Example', ...HOME, resources: [], detail: {} };

    expect(kind.topicsIn?.(event)).toBeUndefined();
  });

  it('can resolve to its version now, also when that is pinned', () => {
    const version = 'arn' in selector ? `${selector.arn.replaceAll(/\bx\b/g, '1')}/1` : '1';
    const present = 'id' in selector ? selector.id : version;

    expect(kind.canResolveTo?.(selector, present, present) ?? true).toBe(true);
    expect(SelectorSchema.safeParse(kind.pinTo?.(selector, present) ?? selector).success).toBe(true);
  });
});
