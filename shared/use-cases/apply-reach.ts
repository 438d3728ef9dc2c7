/**
 * No selector reaches a candidate (rule 4): what a pipeline publishes may only be named as `pipeline:`, which moves when a release does. Looked
 * at from both sides: what the new definition names, and what it publishes.
 */
import * as z from 'zod';
import type { Problem } from '../domain/errors.ts';
import { keys, parameterName, TAGS } from '../domain/naming.ts';
import { selectorKey } from '../domain/selectors.ts';
import type { Write } from '../ports.ts';
import type { ApplyDeps, Reading } from './apply-definition.ts';
import type { Before } from './apply-writes.ts';
import { usersOf } from './fan-out-change.ts';
import { read } from './store/read.ts';

const PublisherSchema = z.object({ pipeline: z.string() });

export function publishedParameter(reading: Pick<Reading, 'definition'>): string {
  const { distribution, name, channel } = reading.definition;
  return parameterName(distribution.parameter, name, channel);
}

export async function checkReach(
  deps: ApplyDeps,
  reading: Reading,
  before: Before | undefined,
): Promise<{ problems: Problem[]; checks: Write[] }> {
  const found = await Promise.all([
    baseParameter(deps, reading),
    baseImage(deps, reading),
    ownParameter(deps, reading),
    channelUsers(deps, reading, before),
  ]);
  return {
    problems: found.flatMap((entry) => entry.problems ?? []),
    checks: found.flatMap((entry) => entry.checks ?? []),
  };
}

interface Finding {
  readonly problems?: readonly Problem[];
  readonly checks?: readonly Write[];
}

/** The parameter that the base is read from must not be one that a pipeline writes. */
async function baseParameter(deps: ApplyDeps, reading: Reading): Promise<Finding> {
  const { base } = reading.references;
  if (base.kind !== 'ssm') return {};
  const key = keys.publishedParameter(base.name);
  const publisher = await read(deps.table, key, PublisherSchema);
  if (publisher !== undefined) return { problems: [instead('base.ssm', base.name, publisher.pipeline)] };
  if (base.name === publishedParameter(reading))
    return {
      problems: [
        { field: 'base.ssm', message: `${base.name} is where this pipeline publishes its own image.` },
      ],
    };
  return { checks: [{ check: key, when: { exists: false } }] };
}

/** A pinned AMI must not be one that a bake has made. */
async function baseImage(deps: ApplyDeps, reading: Reading): Promise<Finding> {
  const { base } = reading.references;
  if (base.kind !== 'ami') return {};
  const image = await deps.images.describe(base.region, base.id);
  if (image === undefined)
    return {
      problems: [
        {
          field: 'base.ami',
          message: `There is no image ${base.id} in ${base.region} that this account may use.`,
          fix: 'Correct the id, or have the image shared with this account.',
        },
      ],
    };
  const pipeline = image.tags[TAGS.pipeline];
  if (image.ownerId !== deps.home.account || pipeline === undefined) return {};
  return { problems: [instead('base.ami', base.id, pipeline)] };
}

function instead(field: string, what: string, pipeline: string): Problem {
  return {
    field,
    message: `${what} is made by the pipeline ${pipeline}.`,
    fix: `Name the pipeline: base.pipeline: ${pipeline}`,
  };
}

/** The parameter that this pipeline writes must not be another's, nor one that somebody builds on. */
async function ownParameter(deps: ApplyDeps, reading: Reading): Promise<Finding> {
  const { name } = reading.definition;
  const field = 'distribution.parameter';
  const parameter = publishedParameter(reading);
  const publisher = await read(deps.table, keys.publishedParameter(parameter), PublisherSchema);
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
  const selector = selectorKey({ kind: 'ssm', name: parameter, region: deps.home.region });
  const { users } = await usersOf(deps.table, selector, { limit: 5 });
  const readers = users.map((user) => user.pipeline).filter((user) => user !== name);
  if (readers.length > 0)
    return {
      problems: [
        {
          field,
          message: `${readers.join(', ')} would be built on ${parameter}, which this pipeline publishes.`,
          fix: `Let them name the pipeline (base.pipeline: ${name}), or choose another parameter.`,
        },
      ],
    };
  if (users.length > 0) return {};
  const known = await deps.table.get(keys.selector(selector));
  return known === undefined ? { checks: [{ check: keys.selector(selector), when: { exists: false } }] } : {};
}

/** Children name the channel: it cannot change under them. */
async function channelUsers(deps: ApplyDeps, reading: Reading, before: Before | undefined): Promise<Finding> {
  const { name, channel } = reading.definition;
  const old = before?.pipeline.plan.channel;
  if (old === undefined || old === channel) return {};
  const { users } = await usersOf(
    deps.table,
    selectorKey({ kind: 'pipeline', pipeline: name, channel: old }),
    {
      limit: 5,
    },
  );
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
