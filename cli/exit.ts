import type { Problem } from '../shared/domain/base/errors.ts';

/** Exit codes, as listed in `ovenbird --help` and docs/reference/cli.md. */
export const EXIT = {
  ok: 0,
  /** The call was made and the outcome is negative: a bake failed, AWS denied the call. */
  failed: 1,
  /** Wrong usage, or a file or request that is not valid. */
  invalid: 2,
  notFound: 3,
  conflict: 4,
  unreachable: 5,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with an exit code, a message and a list of problems. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly exitCode: ExitCode;
  readonly problems: readonly Problem[];
  constructor(
    exitCode: ExitCode,
    message: string,
    problems: readonly Problem[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.problems = problems;
  }
}

/** `pipelines/web.yml:12  base.pipeline: names nothing. Name a pipeline.` */
export function describeProblem(problem: Problem): string {
  const line = problem.line === undefined ? '' : `:${problem.line}`;
  const position = problem.file === undefined ? '' : `${problem.file}${line}  `;
  const field = problem.field === '' ? '' : `${problem.field}: `;
  return `${position}${field}${problem.message}${problem.fix === undefined ? '' : `\n    fix: ${problem.fix}`}`;
}
