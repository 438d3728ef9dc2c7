/**
 * Every named error of the product. `name` is the contract with the state machines: `Retry` and `Catch` match it (Step Functions takes a Node.js
 * error's `name` as the error name, step-functions/dg/concepts-error-handling). It is written out, since minified classes lose theirs. `code` is
 * the contract with people and programs: it is stable, printed by the CLI and sent as problem+json.
 */
export abstract class DomainError extends Error {
  abstract override readonly name: string;
  abstract readonly code: string;
  /** HTTP status that the API answers with. */
  abstract readonly status: number;
  /** Whether the same call may succeed later though nothing is changed. State machines retry only these. */
  readonly retryable: boolean = false;
  /** Further facts for machines, safe to show: no secrets, no tokens. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(message: string, facts: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.facts = facts;
  }
}

/** One thing wrong in a user's file: where it is, what is wrong and how to mend it. */
export interface Problem {
  /** Path of the field, e.g. `spec.distribution.targets[1].account`. */
  readonly field: string;
  readonly message: string;
  readonly fix?: string;
  readonly file?: string;
  readonly line?: number;
}

export class InvalidDefinition extends DomainError {
  override readonly name = 'InvalidDefinition';
  readonly code = 'invalid-definition';
  readonly status = 422;
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const first = problems[0];
    super(
      first === undefined
        ? 'The definition is not valid.'
        : `${first.field}: ${first.message}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}`,
      { problems },
    );
    this.problems = problems;
  }
}

export class InvalidRequest extends DomainError {
  override readonly name = 'InvalidRequest';
  readonly code = 'invalid-request';
  readonly status = 400;
}
/** A page is asked for with a cursor that no earlier page gave. */
export class UnknownCursor extends DomainError {
  override readonly name = 'UnknownCursor';
  readonly code = 'unknown-cursor';
  readonly status = 400;
  constructor() {
    super('The cursor is not one of ours; start again at the first page.');
  }
}
export class InvalidSchedule extends DomainError {
  override readonly name = 'InvalidSchedule';
  readonly code = 'invalid-schedule';
  readonly status = 422;
}
export class PipelineNotFound extends DomainError {
  override readonly name = 'PipelineNotFound';
  readonly code = 'pipeline-not-found';
  readonly status = 404;
  /** With `team`: the pipeline is not that team's; whether it is another's is not told. */
  constructor(pipeline: string, team?: string) {
    super(
      team === undefined
        ? `There is no pipeline named "${pipeline}". List them with: ovenbird status`
        : `The team "${team}" has no pipeline named "${pipeline}". List its pipelines with: ovenbird status --team ${team}`,
      { pipeline, ...(team === undefined ? {} : { team }) },
    );
  }
}
export class ChangeNotFound extends DomainError {
  override readonly name = 'ChangeNotFound';
  readonly code = 'change-not-found';
  readonly status = 404;
  constructor(change: string) {
    super(`There is no change with the id "${change}". List waves that wait with: ovenbird waves`, {
      change,
    });
  }
}
/** The change never led to more bakes than may start by themselves. */
export class NothingToConfirm extends DomainError {
  override readonly name = 'NothingToConfirm';
  readonly code = 'nothing-to-confirm';
  readonly status = 409;
}
export class ReleaseNotFound extends DomainError {
  override readonly name = 'ReleaseNotFound';
  readonly code = 'release-not-found';
  readonly status = 404;
  constructor(release: string, pipeline: string) {
    super(
      `${pipeline} has no release "${release}". List what is marked with: ovenbird clean-up --dry-run ${pipeline}`,
      {
        release,
        pipeline,
      },
    );
  }
}
/** Its images are being removed, or are gone. */
export class ReleaseGone extends DomainError {
  override readonly name = 'ReleaseGone';
  readonly code = 'release-gone';
  readonly status = 409;
  constructor(release: string) {
    super(
      `The images of release ${release} are being removed or are gone, so it cannot be kept. Bake it again.`,
      {
        release,
      },
    );
  }
}
/** Others are built on the pipeline, so it cannot go. */
export class PipelineHasChildren extends DomainError {
  override readonly name = 'PipelineHasChildren';
  readonly code = 'pipeline-has-children';
  readonly status = 409;
}
export class PipelineBaking extends DomainError {
  override readonly name = 'PipelineBaking';
  readonly code = 'pipeline-baking';
  readonly status = 409;
}
export class BakeNotFound extends DomainError {
  override readonly name = 'BakeNotFound';
  readonly code = 'bake-not-found';
  readonly status = 404;
  constructor(bake: string) {
    super(`There is no bake with the id "${bake}". List bakes with: ovenbird status --bakes`, { bake });
  }
}
export class ApprovalNotFound extends DomainError {
  override readonly name = 'ApprovalNotFound';
  readonly code = 'approval-not-found';
  readonly status = 404;
  constructor() {
    super('There is no open approval request behind this link or id.');
  }
}
export class DependencyCycle extends DomainError {
  override readonly name = 'DependencyCycle';
  readonly code = 'dependency-cycle';
  readonly status = 422;
  constructor(path: readonly string[]) {
    super(
      `These pipelines would depend on each other: ${path.join(' -> ')}. Remove one of the base selectors.`,
      { path },
    );
  }
}
/** The stored revision moved between reading and writing; the caller reads again and decides anew. */
export class RevisionConflict extends DomainError {
  override readonly name = 'RevisionConflict';
  readonly code = 'revision-conflict';
  readonly status = 409;
  override readonly retryable = true;
}
export class BakeNotCancellable extends DomainError {
  override readonly name = 'BakeNotCancellable';
  readonly code = 'bake-not-cancellable';
  readonly status = 409;
}
export class BakeNotRetryable extends DomainError {
  override readonly name = 'BakeNotRetryable';
  readonly code = 'bake-not-retryable';
  readonly status = 409;
}
/** The pipeline is in a freeze window. */
export class PipelineFrozen extends DomainError {
  override readonly name = 'PipelineFrozen';
  readonly code = 'pipeline-frozen';
  readonly status = 409;
}
export class DecisionConflict extends DomainError {
  override readonly name = 'DecisionConflict';
  readonly code = 'decision-conflict';
  readonly status = 409;
}
/** By link or API somebody votes who was not asked. */
export class NotAnApprover extends DomainError {
  override readonly name = 'NotAnApprover';
  readonly code = 'not-an-approver';
  readonly status = 403;
}
/** Who asked for a bake, or applied what is in it, votes to approve it. */
export class SelfApprovalRefused extends DomainError {
  override readonly name = 'SelfApprovalRefused';
  readonly code = 'self-approval';
  readonly status = 403;
}
/** A preflight check found something that would make the bake fail after an hour; names the missing statement. */
export class PreflightFailed extends DomainError {
  override readonly name = 'PreflightFailed';
  readonly code = 'preflight-failed';
  readonly status = 409;
}
export class BuildFailed extends DomainError {
  override readonly name = 'BuildFailed';
  readonly code = 'build-failed';
  readonly status = 500;
}
/** For hours there was no room for an instance, at none of the places that the definition names. */
export class NoCapacity extends DomainError {
  override readonly name = 'NoCapacity';
  readonly code = 'no-capacity';
  readonly status = 503;
}
export class TestsFailed extends DomainError {
  override readonly name = 'TestsFailed';
  readonly code = 'tests-failed';
  readonly status = 500;
}
export class GateClosed extends DomainError {
  override readonly name = 'GateClosed';
  readonly code = 'gate-closed';
  readonly status = 409;
}
export class ApprovalRejected extends DomainError {
  override readonly name = 'ApprovalRejected';
  readonly code = 'approval-rejected';
  readonly status = 409;
}
export class ApprovalExpired extends DomainError {
  override readonly name = 'ApprovalExpired';
  readonly code = 'approval-expired';
  readonly status = 409;
}
export class DistributionFailed extends DomainError {
  override readonly name = 'DistributionFailed';
  readonly code = 'distribution-failed';
  readonly status = 500;
}
/** The attempt was cancelled, superseded or ended elsewhere while this step ran; nothing more may be done for it. */
export class AttemptEnded extends DomainError {
  override readonly name = 'AttemptEnded';
  readonly code = 'attempt-ended';
  readonly status = 409;
}
/** The bake's release would overwrite a newer one in its channel. */
export class ReleaseOutdated extends DomainError {
  override readonly name = 'ReleaseOutdated';
  readonly code = 'release-outdated';
  readonly status = 409;
}
/** AWS throttled us or a quota is in use for now. */
export class TryLater extends DomainError {
  override readonly name = 'TryLater';
  readonly code = 'try-later';
  readonly status = 503;
  override readonly retryable = true;
}

/** Names that state machines may match, beside Lambda's and States.*; a test compares them with the definitions. */
export const WORKFLOW_ERRORS = [
  'PreflightFailed',
  'BuildFailed',
  'NoCapacity',
  'TestsFailed',
  'GateClosed',
  'ApprovalRejected',
  'ApprovalExpired',
  'DistributionFailed',
  'AttemptEnded',
  'ReleaseOutdated',
  'TryLater',
] as const;

/** Ends a `switch` over a union: the compiler refuses a case that is missing. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}
