import type { Filter } from '@aws-sdk/client-ec2';
import { AwsError } from '../service.ts';
import type { Tags } from './records.ts';

/** For each filter name, the values that it reads from a record; one of them must match. */
export type FilterTable<T> = Readonly<Record<string, (record: T) => readonly (string | undefined)[]>>;

/**
 * A test for records: values of one filter are alternatives, filters add up. `*` stands for any text, `?` for one character, a
 * backslash takes their meaning away; case counts [D:AWSEC2/UserGuide/Using_Filtering].
 */
export function createMatcher<T>(
  filters: readonly Filter[] | undefined,
  table: FilterTable<T>,
  tagsOf?: (record: T) => Tags,
): (record: T) => boolean {
  const tests = (filters ?? []).map((filter) => {
    const name = filter.Name ?? '';
    const read = reader(name, table, tagsOf);
    const patterns = (filter.Values ?? []).map(toPattern);
    return (record: T) =>
      read(record).some((value) => value !== undefined && patterns.some((pattern) => pattern.test(value)));
  });
  return (record) => tests.every((test) => test(record));
}

function reader<T>(
  name: string,
  table: FilterTable<T>,
  tagsOf: ((record: T) => Tags) | undefined,
): (record: T) => readonly (string | undefined)[] {
  const known = Object.hasOwn(table, name) ? table[name] : undefined;
  if (known) return known;
  if (tagsOf) {
    if (name === 'tag-key') return (record) => Object.keys(tagsOf(record));
    if (name === 'tag-value') return (record) => Object.values(tagsOf(record));
    if (name.startsWith('tag:')) return (record) => [tagsOf(record)[name.slice('tag:'.length)]];
  }
  throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

function toPattern(value: string): RegExp {
  let source = '';
  for (let index = 0; index < value.length; index += 1) {
    const character = value.charAt(index);
    if (character === '\\' && index + 1 < value.length) {
      index += 1;
      source += quote(value.charAt(index));
    } else if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else source += quote(character);
  }
  return new RegExp(`^${source}$`, 's');
}

function quote(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
}
