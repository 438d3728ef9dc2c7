import { AwsError } from '../service.ts';
import { invalidValue } from './errors.ts';

/** One page in the order of `keyOf`; the token names the last record of the page before. */
export function takePage<T>(
  records: readonly T[],
  keyOf: (record: T) => string,
  request: { MaxResults?: number | undefined; NextToken?: string | undefined },
  limits: { least: number; most: number } = { least: 5, most: 1000 },
): { records: T[]; nextToken?: string } {
  const { MaxResults, NextToken } = request;
  if (MaxResults !== undefined && (MaxResults < limits.least || MaxResults > limits.most)) {
    throw invalidValue(
      String(MaxResults),
      'maxResults',
      `Expecting a value between ${limits.least} and ${limits.most}.`,
    );
  }
  const after = NextToken === undefined || NextToken === '' ? '' : readToken(NextToken);
  const sorted = records
    .map((record) => ({ record, key: keyOf(record) }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = sorted.slice(0, MaxResults ?? sorted.length);
  const last = page.at(-1);
  return {
    records: page.map(({ record }) => record),
    ...(last !== undefined && page.length < sorted.length ? { nextToken: writeToken(last.key) } : {}),
  };
}

const PREFIX = 'after:';

function writeToken(key: string): string {
  return Buffer.from(PREFIX + key).toString('base64url');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith(PREFIX)) throw new AwsError('InvalidNextToken', 'The token is invalid.');
  return text.slice(PREFIX.length);
}
