import { invalidPaginationToken, invalidValue } from './errors.ts';
import type { Filters } from './input.ts';
import { quotas } from './quotas.ts';

/** One page with the member names of the API. Its token belongs to the list that it continues. */
export const takePage = <T>(
  entries: readonly T[],
  list: string,
  request: { maxResults?: number | undefined; nextToken?: string | undefined },
): { page: T[]; nextToken?: string } => {
  const size = request.maxResults ?? quotas.pageSize;
  const start = request.nextToken === undefined ? 0 : readOffset(request.nextToken, list);
  const page = entries.slice(start, start + size);
  const end = start + page.length;
  return end < entries.length ? { page, nextToken: toToken(list, end) } : { page };
};

/**
 * Applies filters: every filter must hold, any of its values may match, case-sensitive. A name that the call does not know is refused
 * (docs/aws/image-builder.md#tokens-errors-and-pages).
 */
export const filtered = <T>(
  entries: readonly T[],
  filters: Filters,
  readers: Record<string, (entry: T) => string | readonly string[] | undefined>,
): T[] => {
  const checks = (filters ?? []).map(({ name, values }, index) => {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (reader === undefined) {
      throw invalidValue(`filters[${index}].name`, `Use one of ${Object.keys(readers).join(', ')}.`);
    }
    return (entry: T) =>
      [reader(entry)].flat().some((value) => value !== undefined && values.includes(value));
  });
  return entries.filter((entry) => checks.every((holds) => holds(entry)));
};

const toToken = (list: string, offset: number): string =>
  Buffer.from(`${list} ${offset}`).toString('base64url');

const readOffset = (token: string, list: string): number => {
  const [name, offset] = Buffer.from(token, 'base64url').toString().split(' ');
  const parsed = Number(offset);
  if (name !== list || !Number.isInteger(parsed) || parsed < 0) throw invalidPaginationToken();
  return parsed;
};
