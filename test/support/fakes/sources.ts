/**
 * What selectors name outside: parameters, versions of components and images, lookups, tags, objects, feeds. Resolved as AWS does it, by code
 * of its own: nothing of the engine is used to judge the engine.
 */
import type { Selector } from '../../../shared/domain/selectors/selectors.ts';
import type { Resolution, SelectorResolver } from '../../../shared/ports/selector-resolver.ts';

/** One version of a component or an image: `1.9.0`, and its build. */
export interface Published {
  readonly version: string;
  readonly build: number;
  deprecated: boolean;
}

export function fakeSources() {
  /** By name, or by `name:pin`. */
  const parameters = new Map<string, string>();
  /** By the ARN without its version. */
  const published = new Map<string, Published[]>();
  /** What moves whenever it differs, by `kind:name`: lookups, containers, sources and packages. */
  const values = new Map<string, string>();
  const resolved: string[] = [];

  const meaning = (selector: Selector): string | undefined => {
    switch (selector.kind) {
      case 'ssm': {
        const { name, pin } = selector;
        const value = parameters.get(pin === undefined ? name : `${name}:${pin}`);
        // A parameter that holds no id of an AMI means nothing.
        return value?.startsWith('ami-') ? value : undefined;
      }
      case 'ami':
        return selector.id;
      case 'image':
      case 'component':
        return newest(published, selector.arn);
      case 'lookup':
        return values.get(`lookup:${selector.name}`);
      case 'container':
        return values.get(`container:${selector.repository}:${selector.tag}`);
      case 'source':
        return values.get(`source:${selector.bucket}/${selector.object}`);
      case 'packages':
        return values.get(`packages:${selector.feed}`);
      case 'pipeline':
        throw new Error('What a channel holds is in the table.');
    }
  };
  const resolver: SelectorResolver = {
    resolve: async (selector): Promise<Resolution> => {
      resolved.push('arn' in selector ? selector.arn : selector.kind);
      return toResolution(meaning(selector));
    },
  };
  return {
    parameters,
    values,
    published,
    resolved,
    resolver,
    /** What a selector resolves to at this moment. */
    meaning,
    publish(topic: string, version: string, build = 1): void {
      const known = published.get(topic) ?? [];
      published.set(topic, [...known, { version, build, deprecated: false }]);
    },
  };
}

function toResolution(version: string | undefined): Resolution {
  if (version === undefined) return { found: false, reason: 'there is nothing of that name' };
  return { found: true, version, detail: version.startsWith('ami-') ? { amiId: version } : {} };
}

/** The highest version that the pattern allows and that is not deprecated, with its build (imagebuilder/userguide/ibhow-semantic-versioning). */
function newest(published: ReadonlyMap<string, readonly Published[]>, arn: string): string | undefined {
  const [service = '', name = '', pattern = '', build] = arn.split('/');
  const topic = `${service}/${name}`;
  const nodes = pattern.split('.');
  const eligible = (published.get(topic) ?? []).filter(
    (entry) =>
      !entry.deprecated &&
      (build === undefined || Number(build) === entry.build) &&
      entry.version.split('.').every((node, index) => nodes[index] === 'x' || nodes[index] === node),
  );
  const last = eligible.sort((a, b) => compareVersions(a, b)).at(-1);
  return last === undefined ? undefined : `${topic}/${last.version}/${last.build}`;
}

function compareVersions(one: Published, other: Published): number {
  const [left, right] = [one, other].map(({ version, build }) => [...version.split('.').map(Number), build]);
  const differing = left?.findIndex((node, index) => node !== right?.[index]) ?? -1;
  return differing < 0 ? 0 : (left?.[differing] ?? 0) - (right?.[differing] ?? 0);
}
