/**
 * Refuses selectors that would reach an image before its release (rule 4), with the field and what to write instead: an image of a pipeline may
 * be named as `pipeline:` alone. Both sides are checked: what the new definition names, and what other definitions name of what it makes.
 */

import * as z from 'zod';
import type { Problem } from '../../domain/base/errors.ts';
import { formatKey, keys, parameterName } from '../../domain/base/naming.ts';
import { findReach, selectorKey } from '../../domain/selectors/selectors.ts';
import { parameterTopic } from '../../domain/selectors/ssm.ts';
import { findWriteKey, type Write } from '../../ports/table.ts';
import { suggestPipeline } from '../bakes/base-image.ts';
import { readSelectorDependents } from '../graph/dependents.ts';
import { readRecord } from '../store/read.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { checkNamedImages, checkTargetLookups } from './apply-reach-images.ts';
import {
  addReaderWrite,
  isNewSelector,
  listNamedSelectors,
  mergeReachChecks,
  type ReachCheck,
  readNoNewReaderCheck,
  readTopicDependents,
  refuse,
} from './named-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';
import type { AppliedPipeline } from './read-applied-pipeline.ts';

const PublisherSchema = z.object({ pipeline: z.string() });

export function publishedParameter(reading: Pick<ParsedDefinition, 'definition'>): string {
  const { distribution, name, channel } = reading.definition;
  return parameterName(distribution.parameter, name, channel);
}

export async function checkReach(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  before: AppliedPipeline | undefined,
): Promise<{ problems: Problem[]; checks: Write[] }> {
  const found = await Promise.all([
    checkNamedParameters(deps, reading, before),
    checkNamedImages(deps, reading),
    checkOwnParameter(deps, reading, before),
    checkTargetLookups(deps, reading, before),
    checkChannelDependents(deps, reading, before),
  ]);
  const { problems, checks } = mergeReachChecks(found);
  return { problems, checks: dedupeByRow(checks) };
}

/** One write of each row, as a transaction asks for: a parameter may be named twice, pinned and not. */
function dedupeByRow(writes: readonly Write[]): Write[] {
  return [...new Map(writes.map((write) => [formatKey(findWriteKey(write)), write])).values()];
}

/** Refuses a parameter that a pipeline publishes to, in any account and region, whether it is pinned or not. */
async function checkNamedParameters(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  before: AppliedPipeline | undefined,
): Promise<ReachCheck> {
  const own = publishedParameter(reading);
  const found = await Promise.all(
    listNamedSelectors(reading).map(async ({ field, selector }): Promise<ReachCheck> => {
      const name = findReach(selector).parameter;
      if (name === undefined) return {};
      if (name === own)
        return { problems: [{ field, message: `${name} is where this pipeline publishes its own image.` }] };
      const key = keys.publishedParameter(name);
      const publisher = await readRecord(deps.table, key, PublisherSchema);
      if (publisher !== undefined) {
        const message = `${name} is published by the pipeline ${publisher.pipeline}.`;
        return { problems: [suggestPipeline(field, message, publisher.pipeline)] };
      }
      const begins = isNewSelector(selector, before) ? [addReaderWrite(keys.parameterLookers(name))] : [];
      return { checks: [{ check: key, when: { exists: false } }, ...begins] };
    }),
  );
  return mergeReachChecks(found);
}

/** Refuses to publish to a parameter that another pipeline publishes to or reads. */
async function checkOwnParameter(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  before: AppliedPipeline | undefined,
): Promise<ReachCheck> {
  const { name } = reading.definition;
  const field = 'distribution.parameter';
  const parameter = publishedParameter(reading);
  if (before !== undefined && publishedParameter(before.revision) === parameter) return {};
  const lookers = await readNoNewReaderCheck(deps.table, keys.parameterLookers(parameter));
  const publisher = await readRecord(deps.table, keys.publishedParameter(parameter), PublisherSchema);
  if (publisher !== undefined && publisher.pipeline !== name)
    return refuse(
      field,
      `The pipeline ${publisher.pipeline} publishes to ${parameter} already.`,
      'Put {pipeline} into the name.',
    );
  const topic = parameterTopic({ name: parameter, region: deps.home.region });
  const readers = (await readTopicDependents(deps.table, topic, name, () => true)).map(
    ({ pipeline }) => pipeline,
  );
  if (readers.length === 0) return { checks: [lookers] };
  return refuse(
    field,
    `${[...new Set(readers)].join(', ')} would be built on ${parameter}, which this pipeline publishes.`,
    `Let them name the pipeline (pipeline: ${name}), or choose another parameter.`,
  );
}

/** Refuses another channel while dependents name the old one. */
async function checkChannelDependents(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  before: AppliedPipeline | undefined,
): Promise<ReachCheck> {
  const { name, channel } = reading.definition;
  const old = before?.pipeline.spec.channel;
  if (old === undefined || old === channel) return {};
  const key = selectorKey({ kind: 'pipeline', pipeline: name, channel: old });
  const { items: dependents } = await readSelectorDependents(deps.table, key, { limit: 5 });
  if (dependents.length === 0) return {};
  return refuse(
    'channel',
    `${dependents.map((dependent) => dependent.pipeline).join(', ')} build on the channel "${old}" of ${name}.`,
    `Keep channel: ${old}, or move them to another base first.`,
  );
}
