/** What planning needs of a definition, in the forms that it compares. Pure. */

import { proofDigest, recipeDigest } from '../planning/fingerprint.ts';
import type { FreezeWindow, PlanInputs } from '../records/pipelines.ts';
import { type Definition, durationSeconds } from './definition.ts';
import type { References } from './references.ts';

export function planInputsOf(
  digest: (text: string) => string,
  definition: Definition,
  references: References,
): PlanInputs {
  const { triggers, lifecycle, build, team, channel, base } = definition;
  return {
    channel,
    ...(team === undefined ? {} : { team }),
    base: references.base,
    components: [...references.components],
    inputs: [...references.inputs],
    tests: [...references.tests],
    testsAreBits: build.imageBuilderTests,
    earlyCutoff: 'pipeline' in base && base.earlyCutoff,
    recipe: recipeDigest(digest, definition),
    proof: proofDigest(digest, definition),
    places: placesOf(definition),
    mode: triggers.mode,
    ...(triggers.schedule === undefined ? {} : { schedule: triggers.schedule }),
    freeze: triggers.freeze.map(windowOf),
    pinned: lifecycle.pinned,
    debounceSeconds: durationSeconds(triggers.debounce),
    longestWaitSeconds: durationSeconds(triggers.longestWait),
    maxHoldSeconds: durationSeconds(triggers.maxHold),
    maxFailures: lifecycle.maxFailures,
  };
}

/** `account/region/mode`, sorted: where the image goes and how. */
export function placesOf({ distribution }: Pick<Definition, 'distribution'>): string[] {
  return distribution.targets
    .flatMap(({ account, regions, mode }) => regions.map((region) => `${account}/${region}/${mode}`))
    .sort();
}

function windowOf(window: Definition['triggers']['freeze'][number]): FreezeWindow {
  const { reason } = window;
  if ('from' in window)
    return { reason, from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString() };
  return {
    reason,
    opens: window.opens,
    timeZone: window.timeZone,
    lastsSeconds: durationSeconds(window.lasts),
  };
}
