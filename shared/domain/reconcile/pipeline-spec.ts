/** The part of a definition that reconciling needs, in the forms that it compares. Pure. */

import type { Digest } from '../base/canonical.ts';
import { type Definition, durationSeconds } from '../definitions/definition.ts';
import type { References } from '../definitions/references.ts';
import { findEngine } from '../engines/engines.ts';
import type { FreezeWindow, PipelineSpec } from '../records/pipelines.ts';
import { computeDefinitionDigest, computeProofDigest } from './fingerprint.ts';

export function toPipelineSpec(digest: Digest, definition: Definition, references: References): PipelineSpec {
  const { triggers, lifecycle, build, team, channel, base } = definition;
  return {
    channel,
    team,
    base: references.base,
    components: [...references.components],
    inputs: [...references.inputs],
    tests: [...references.tests],
    testsAreBits: findEngine(build).runsTests(build),
    earlyCutoff: 'earlyCutoff' in base && base.earlyCutoff,
    definitionDigest: computeDefinitionDigest(digest, definition),
    proof: computeProofDigest(digest, definition),
    targets: listTargets(definition),
    mode: triggers.mode,
    ...(triggers.schedule === undefined ? {} : { schedule: triggers.schedule }),
    freeze: triggers.freeze.map(toFreezeWindow),
    pinned: lifecycle.pinned,
    debounceSeconds: durationSeconds(triggers.debounce),
    longestWaitSeconds: durationSeconds(triggers.longestWait),
    maxHoldSeconds: durationSeconds(triggers.maxHold),
    maxFailures: lifecycle.maxFailures,
  };
}

/** `account/region/mode`, sorted: where the image goes and how. */
export function listTargets({ distribution }: Pick<Definition, 'distribution'>): string[] {
  return distribution.targets
    .flatMap(({ account, regions, mode }) => regions.map((region) => `${account}/${region}/${mode}`))
    .sort();
}

function toFreezeWindow(window: Definition['triggers']['freeze'][number]): FreezeWindow {
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
