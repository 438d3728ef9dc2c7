import { TryLater } from '../../domain/base/errors.ts';
import type { ResolvedKind, Selector } from '../../domain/selectors/selectors.ts';
import type { Resolution, SelectorResolver } from '../../ports/selector-resolver.ts';
import { callAws } from '../aws-client.ts';
import { describeAbsence } from './absence.ts';

export type Resolve<Kind extends Selector['kind']> = (
  selector: Extract<Selector, { kind: Kind }>,
) => Promise<Resolution>;

/** A resolver for each kind of a speed: one that is missing, or that belongs to the other speed, does not compile. */
export type ResolversBySpeed<Speed extends 'fast' | 'slow'> = {
  readonly [Kind in ResolvedKind<Speed>]: Resolve<Kind>;
};
export type Resolvers = Partial<ResolversBySpeed<'fast'> & ResolversBySpeed<'slow'>>;

/** Longer than a feed may take; the API answers within 29 s (apigateway/latest/developerguide/http-api-quotas). */
const SECONDS = 25;

/** The port over the resolvers of the kinds that a function needs. */
export function createSelectorResolver(resolvers: Resolvers, { seconds = SECONDS } = {}): SelectorResolver {
  return {
    async resolve(selector) {
      try {
        return await callAws(() => withTimeout(seconds, resolveByKind(resolvers, selector)));
      } catch (error) {
        const reason = describeAbsence(error);
        if (reason === undefined) throw error;
        return { found: false, reason };
      }
    },
  };
}

/** Fails in time to say what was waited for, before the function itself runs out of time; the SDK's own limit only warns. */
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

/** A kind without a resolver is a wiring mistake: the message goes to the dead-letter queue and raises its alarm. */
function resolveByKind(resolvers: Resolvers, selector: Selector): Promise<Resolution> {
  const resolve = resolvers[selector.kind as ResolvedKind] as Resolve<Selector['kind']> | undefined;
  if (resolve === undefined)
    throw new TypeError(`This function does not resolve ${selector.kind} selectors.`);
  return resolve(selector);
}
