/**
 * Refuses selectors that would reach an image before its release (rule 4), with the field and what to write instead: an image of a pipeline may
 * be named as `pipeline:` alone. Both sides are checked: what the new definition names, and what other definitions name of what it makes.
 */

import * as z from 'zod';
import type { Problem } from '../../domain/base/errors.ts';
import { keys, parameterName } from '../../domain/base/naming.ts';
import { findReach, selectorKey } from '../../domain/selectors/selectors.ts';
import { parameterTopic } from '../../domain/selectors/ssm.ts';
import type { Write } from '../../ports/table.ts';
import { suggestPipeline } from '../bakes/base-image.ts';
import { readSelectorUsers } from '../graph/dependents.ts';
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
  readTopicUsers,
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
    checkChannelUsers(deps, reading, before),
  ]);
  const checks = found.flatMap((entry) => entry.checks ?? []);
  return { problems: found.flatMap((entry) => entry.problems ?? []), checks: dedupeByRow(checks) };
}

/** One write of each row, as a transaction asks for: a parameter may be named twice, pinned and not. */
function dedupeByRow(writes: readonly Write[]): Write[] {
  const byRow = new Map(
    writes.map((write) => {
      const { pk, sk } =
        'check' in write
          ? write.check
          : 'update' in write
            ? write.update
            : 'put' in write
              ? write.put
              : write.delete;
      return [`${pk} ${sk}`, write] as const;
    }),
  );
  return [...byRow.values()];
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
      if (publisher !== undefined)
        return {
          problems: [
            suggestPipeline(
              field,
              `${name} is published by the pipeline ${publisher.pipeline}.`,
              publisher.pipeline,
            ),
          ],
        };
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
    return {
      problems: [
        {
          field,
          message: `The pipeline ${publisher.pipeline} publishes to ${parameter} already.`,
          fix: 'Put {pipeline} into the name.',
        },
      ],
    };
  const topic = parameterTopic({ name: parameter, region: deps.home.region });
  const readers = (await readTopicUsers(deps.table, topic, name, () => true)).map(({ pipeline }) => pipeline);
  if (readers.length === 0) return { checks: [lookers] };
  return {
    problems: [
      {
        field,
        message: `${[...new Set(readers)].join(', ')} would be built on ${parameter}, which this pipeline publishes.`,
        fix: `Let them name the pipeline (pipeline: ${name}), or choose another parameter.`,
      },
    ],
  };
}

/** Refuses another channel while dependents name the old one. */
async function checkChannelUsers(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  before: AppliedPipeline | undefined,
): Promise<ReachCheck> {
  const { name, channel } = reading.definition;
  const old = before?.pipeline.spec.channel;
  if (old === undefined || old === channel) return {};
  const key = selectorKey({ kind: 'pipeline', pipeline: name, channel: old });
  const { users } = await readSelectorUsers(deps.table, key, { limit: 5 });
  if (users.length === 0) return {};
  return {
    problems: [
      {
        field: 'channel',
        message: `${users.map((user) => user.pipeline).join(', ')} build on the channel "${old}" of ${name}.`,
        fix: `Keep channel: ${old}, or move them to another base first.`,
      },
    ],
  };
}
