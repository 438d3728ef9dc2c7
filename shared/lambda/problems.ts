import { type ProblemDetails, ProblemSchema } from '../domain/api/shapes.ts';
import { DomainError } from '../domain/base/errors.ts';
import { joinWords } from '../domain/base/text.ts';

/** Errors in the form of RFC 9457. `code` is for programs, `detail` for people; unexpected errors reveal nothing of their cause. */
type ProblemBody = Pick<ProblemDetails, 'status' | 'code' | 'detail'> & Readonly<Record<string, unknown>>;

export function toProblem(error: unknown): ProblemBody {
  if (error instanceof DomainError)
    return { ...error.facts, status: error.status, code: error.code, detail: error.message };
  return {
    status: 500,
    code: 'internal-error',
    detail: 'Something unexpected happened; try again. If it stays, look for the request id in the logs.',
  };
}

export function toProblemResponse(problem: ProblemBody): Response {
  const body = ProblemSchema.parse({
    ...problem,
    type: `urn:ovenbird:problem:${problem.code}`,
    title: formatTitle(problem.code),
  });
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  });
}

/** `allowed`: what the path does take, where it is known. */
export function toMethodProblem(method: string, path: string, allowed: readonly string[] = []): Response {
  const others = allowed.length === 0 ? '' : ` It takes ${joinWords(allowed)}.`;
  const response = toProblemResponse({
    status: 405,
    code: 'method-not-allowed',
    detail: `${path} takes no ${method}.${others}`,
  });
  // Without any there is nothing to name, and the header may be empty (RFC 9110, 10.2.1).
  response.headers.set('allow', allowed.join(', '));
  return response;
}

/** `bake-not-found` -> `Bake not found`. */
function formatTitle(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
