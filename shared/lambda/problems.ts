import { type ProblemDetails, ProblemSchema } from '../domain/api/shapes.ts';
import { DomainError } from '../domain/base/errors.ts';

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

/** `bake-not-found` -> `Bake not found`. */
function formatTitle(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
