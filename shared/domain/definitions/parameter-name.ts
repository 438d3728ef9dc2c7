/** Names that Parameter Store takes (ssm PutParameterRequest.Name), asked of a definition's parameter as it is when its placeholders are filled. */
import type { Problem } from '../base/errors.ts';
import { parameterName } from '../base/naming.ts';

const FIELD = 'distribution.parameter';
const MAX_LEVELS = 15;
const MAX_LENGTH = 1011;

export function findParameterProblem(definition: {
  readonly name: string;
  readonly channel: string;
  readonly distribution: { readonly parameter: string };
}): Problem | undefined {
  const { name, channel, distribution } = definition;
  const unknown = /\{[^{}]*\}|[{}]/.exec(parameterName(distribution.parameter, '', ''))?.[0];
  if (unknown !== undefined)
    return {
      field: FIELD,
      message: `has ${unknown}, which stands for nothing`,
      fix: 'Write {pipeline} or {channel}, or the text itself.',
    };
  const filled = parameterName(distribution.parameter, name, channel);
  const refusal = describeRefusal(filled);
  return refusal && { field: FIELD, ...refusal };
}

/** Why Parameter Store does not take a name. */
function describeRefusal(name: string): Pick<Problem, 'message' | 'fix'> | undefined {
  const levels = name.split('/').slice(1);
  if (levels.includes(''))
    return {
      message: `${name} has an empty level: two "/" in a row, or one at its end`,
      fix: `Write ${name.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '')}`,
    };
  const reserved = /^(?:aws|ssm)/i.exec(levels[0] ?? '')?.[0];
  if (reserved !== undefined)
    return {
      message: `${name} begins with ${reserved}, which AWS keeps for itself`,
      fix: 'Begin it with another word, such as /ovenbird/{pipeline}/{channel}',
    };
  if (levels.length > MAX_LEVELS)
    return {
      message: `${name} has ${levels.length} levels, and a parameter at most ${MAX_LEVELS}`,
      fix: 'Write it with fewer "/".',
    };
  if (name.length > MAX_LENGTH)
    return {
      message: `has ${name.length} characters, and a parameter at most ${MAX_LENGTH}`,
      fix: 'Shorten it.',
    };
  return undefined;
}
