import type { Problem } from '../../domain/base/errors.ts';
import { selectorKey } from '../../domain/selectors/selectors.ts';
import { findAmiId } from '../../domain/selectors/versions.ts';
import { findBaseProblems } from '../bakes/base-image.ts';
import type { ApplyDeps } from './apply-deps.ts';
import type { FoundSelector } from './apply-selectors.ts';
import type { ParsedDefinition } from './parse-definition.ts';

/** Problems of the AMI that the base means at the time when the definition is applied. */
export async function checkBaseImage(
  deps: ApplyDeps,
  reading: ParsedDefinition,
  selectors: readonly FoundSelector[],
): Promise<Problem[]> {
  const { base } = reading.references;
  const record = selectors.find(({ record: { key } }) => key === selectorKey(base))?.record;
  const imageId =
    record?.version === undefined ? undefined : findAmiId({ ...record, version: record.version });
  return await findBaseProblems(deps, reading.definition, { base, imageId });
}
