/** SSM parameters that Image Builder writes. A definition has one name for all of its targets, and no other pipeline may have that name. */

import type { Distribution } from '@aws-sdk/client-imagebuilder';
import type { DefinitionInput } from '../../shared/domain/definitions/definition.ts';
import { ssm } from '../../shared/domain/selectors/ssm.ts';
import type { FoundPipeline } from './image-builder.ts';
import type { Imported } from './imported.ts';
import { isSet, type Note, noteIf } from './notes.ts';

type Targets = NonNullable<NonNullable<DefinitionInput['distribution']>['targets']>;

const FIELD = 'distributionConfiguration.ssmParameterConfigurations';
const SPREAD = `${FIELD}.amiAccountId`;
const PARAMETER = /^\/[A-Za-z0-9_./{}-]+$/;
const MAX_NAMED = 5;

/** Accounts that get a copy: the pipeline's own where no other account is named. */
export function listCopyAccounts(
  { amiDistributionConfiguration: ami }: Distribution,
  owner: string,
): string[] {
  return isSet(ami?.targetAccountIds) ? (ami?.targetAccountIds ?? []) : [owner];
}

/** A parameter that Image Builder writes, with account and region. */
export function listWrittenParameters({ pipeline, distribution }: FoundPipeline): {
  readonly name: string;
  readonly account: string;
  readonly region: string;
}[] {
  const owner = pipeline.arn?.split(':')[4] ?? '';
  return (distribution?.distributions ?? []).flatMap((entry) => {
    const { region = '', ssmParameterConfigurations = [] } = entry;
    const copies = listCopyAccounts(entry, owner);
    // It has to be one of the targets (imagebuilder SsmParameterConfiguration.amiAccountId); AWS does not document the default.
    const unnamed = copies.includes(owner) ? [owner] : copies;
    return ssmParameterConfigurations.flatMap(({ parameterName: name = '', amiAccountId }) =>
      (amiAccountId === undefined ? unnamed : [amiAccountId]).map((account) => ({ name, account, region })),
    );
  });
}

/** One name for all targets. */
export function chooseParameter(
  found: FoundPipeline,
  targets: Targets,
): { readonly name: string | undefined; readonly notes: Note[] } {
  const regions = found.distribution?.distributions ?? [];
  const configured = regions.flatMap(({ ssmParameterConfigurations = [] }) => ssmParameterConfigurations);
  const names = [...new Set(configured.map(({ parameterName = '' }) => parameterName))];
  const name = names.find((entry) => PARAMETER.test(entry));
  const others = names.filter((entry) => entry !== name);
  const written = listWrittenParameters(found).filter((entry) => entry.name === name);
  const places = new Set(written.map(({ account, region }) => `${account} ${region}`));
  const more = targets
    .flatMap(({ account, regions: those }) => those.map((region) => `${account} ${region}`))
    .filter((place) => !places.has(place));
  return {
    name,
    notes: [
      ...others.map((entry) => ({
        field: FIELD,
        reason: PARAMETER.test(entry)
          ? `All targets have one parameter; ${entry} is left out.`
          : `"${entry}" is left out: a definition publishes to names that begin with "/".`,
      })),
      ...noteIf(
        name !== undefined && more.length > 0,
        SPREAD,
        `All targets have one parameter: ${name} is written in ${listFirst(more)} too, where Image Builder does not write it. See that nothing else has that name there, or change distribution.parameter.`,
      ),
      ...noteIf(
        configured.some(({ dataType }) => dataType === 'text'),
        `${FIELD}.dataType`,
        'Parameters have the type aws:ec2:image.',
      ),
    ],
  };
}

/** The first of them, and how many more there are. */
export function listFirst(names: readonly string[]): string {
  const left = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/**
 * Removes parameters that apply would refuse: one that two pipelines write (at Image Builder the last write wins), and one that another definition
 * still names as its base (no selector may reach an unreleased image).
 */
export function assignParameters(imported: readonly Imported[]): Imported[] {
  const readers = new Map(imported.flatMap(({ definition }) => listReadParameters(definition)));
  const owners = new Map<string, string>();
  return imported.map((entry) => {
    const { definition } = entry;
    const { parameter, ...rest } = definition?.distribution ?? {};
    if (definition === undefined || parameter === undefined) return entry;
    const reader = readers.get(parameter);
    const owner = owners.get(parameter);
    if (reader === undefined && owner === undefined) {
      owners.set(parameter, definition.name);
      return entry;
    }
    const isOwn = reader === definition.name;
    const advice = isOwn ? '' : ` If ${reader} is to follow this one, write base.pipeline there.`;
    const reason =
      reader === undefined
        ? `${parameter} is written by ${owner} already; this one writes to a name of its own.`
        : `${isOwn ? 'It' : reader} is built on ${parameter} by its name, and no pipeline may write what one reads so; this one writes to a name of its own.${advice}`;
    const notes = [...entry.notes.filter(({ field }) => field !== SPREAD), { field: FIELD, reason }];
    return { ...entry, definition: { ...definition, distribution: rest }, notes };
  });
}

/** The parameter without the version or label that it is pinned to. */
function listReadParameters(definition: DefinitionInput | undefined): [parameter: string, by: string][] {
  const base = ssm.form.safeParse(definition?.base);
  if (definition === undefined || !base.success) return [];
  return [[base.data.ssm.replace(/:.*$/, ''), definition.name]];
}
