/**
 * The port SelectorResolver: each kind of selector has a way of its own, in a file of its own, and a function is given the ways that it needs.
 * Functions that hurry so carry no client that they do not call.
 */
import { assertNever, TryLater } from '../../domain/base/errors.ts';
import type { Selector } from '../../domain/selectors/selectors.ts';
import type { Resolution, SelectorResolver } from '../../ports/selector-resolver.ts';
import { callAws } from '../aws-client.ts';
import { describeAbsence } from './absence.ts';

type SelectorOfKind<Kind extends Selector['kind']> = Extract<Selector, { kind: Kind }>;
export type Resolve<Kind extends Selector['kind']> = (selector: SelectorOfKind<Kind>) => Promise<Resolution>;

/** What a channel holds is in our own table: there is no way for it here. */
export type Resolvers = { readonly [Kind in Exclude<Selector['kind'], 'pipeline'>]?: Resolve<Kind> };

/** Longer than a feed may take in all; the API answers within 29 s (apigateway/latest/developerguide/http-api-quotas). */
const SECONDS = 25;

export function createSelectorResolver(ways: Resolvers, { seconds = SECONDS } = {}): SelectorResolver {
  return {
    async resolve(selector) {
      try {
        return await callAws(() => withTimeout(seconds, resolveByKind(ways, selector)));
      } catch (error) {
        const reason = describeAbsence(error);
        if (reason === undefined) throw error;
        return { found: false, reason };
      }
    },
  };
}

/** A function that runs out of time while it waits could not even say what it waited for; the SDK's own limit only warns. */
async function withTimeout<Result>(seconds: number, answer: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const error = new TryLater(`AWS took longer than ${seconds} s to answer`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function resolveByKind(ways: Resolvers, selector: Selector): Promise<Resolution> {
  switch (selector.kind) {
    case 'ssm':
      return resolveWith(ways.ssm, selector);
    case 'image':
      return resolveWith(ways.image, selector);
    case 'component':
      return resolveWith(ways.component, selector);
    case 'ami':
      return resolveWith(ways.ami, selector);
    case 'lookup':
      return resolveWith(ways.lookup, selector);
    case 'container':
      return resolveWith(ways.container, selector);
    case 'source':
      return resolveWith(ways.source, selector);
    case 'packages':
      return resolveWith(ways.packages, selector);
    case 'pipeline':
      return resolveWith(undefined, selector);
    default:
      return assertNever(selector);
  }
}

function resolveWith<Kind extends Selector['kind']>(
  way: Resolve<Kind> | undefined,
  selector: SelectorOfKind<Kind>,
): Promise<Resolution> {
  // A wiring mistake, not a fault of the selector: the message goes to the dead-letter queue and raises its alarm.
  if (way === undefined) throw new TypeError(`This function does not resolve ${selector.kind} selectors.`);
  return way(selector);
}
