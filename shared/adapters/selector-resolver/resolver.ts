/**
 * The port SelectorResolver: each kind of selector has a way of its own, in a file of its own, and a function is given the ways that it needs.
 * Functions that hurry so carry no client that they do not call.
 */
import { assertNever, TryLater } from '../../domain/errors.ts';
import type { Selector } from '../../domain/versions/selectors.ts';
import type { Resolution, SelectorResolver } from '../../ports.ts';
import { calling } from '../aws-client.ts';
import { whyAbsent } from './absence.ts';

type Of<Kind extends Selector['kind']> = Extract<Selector, { kind: Kind }>;
export type Way<Kind extends Selector['kind']> = (selector: Of<Kind>) => Promise<Resolution>;

/** What a channel holds is in our own table: there is no way for it here. */
export type Ways = { readonly [Kind in Exclude<Selector['kind'], 'pipeline'>]?: Way<Kind> };

/** Longer than a feed may take in all; the API answers within 29 s (apigateway/latest/developerguide/http-api-quotas). */
const SECONDS = 25;

export function selectorResolver(ways: Ways, { seconds = SECONDS } = {}): SelectorResolver {
  return {
    async resolve(selector) {
      try {
        return await calling(() => within(seconds, ask(ways, selector)));
      } catch (error) {
        const reason = whyAbsent(error);
        if (reason === undefined) throw error;
        return { found: false, reason };
      }
    },
  };
}

/** A function that runs out of time while it waits could not even say what it waited for; the SDK's own limit only warns. */
async function within<Result>(seconds: number, answer: Promise<Result>): Promise<Result> {
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

function ask(ways: Ways, selector: Selector): Promise<Resolution> {
  switch (selector.kind) {
    case 'ssm':
      return by(ways.ssm, selector);
    case 'image':
      return by(ways.image, selector);
    case 'component':
      return by(ways.component, selector);
    case 'ami':
      return by(ways.ami, selector);
    case 'lookup':
      return by(ways.lookup, selector);
    case 'container':
      return by(ways.container, selector);
    case 'source':
      return by(ways.source, selector);
    case 'packages':
      return by(ways.packages, selector);
    case 'pipeline':
      return by(undefined, selector);
    default:
      return assertNever(selector);
  }
}

function by<Kind extends Selector['kind']>(
  way: Way<Kind> | undefined,
  selector: Of<Kind>,
): Promise<Resolution> {
  // A wiring mistake, not a fault of the selector: the message goes to the dead-letter queue and raises its alarm.
  if (way === undefined) throw new TypeError(`This function does not resolve ${selector.kind} selectors.`);
  return way(selector);
}
