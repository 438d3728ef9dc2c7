/** The pages of an approval request. Rendered on the server, without a script: they work with a keyboard alone, on a telephone and for a screen reader. */
import type { Child } from 'hono/jsx';
import type { Evidence } from '../../shared/domain/approval/evidence.ts';
import { describeTime } from '../../shared/domain/base/text.ts';
import type { ApprovalRecord } from '../../shared/domain/records/approvals.ts';
import {
  ChangesSection,
  IdentitySection,
  PackagesSection,
  ReasonSection,
  TargetsSection,
  TestsSection,
} from './sections.tsx';
import { STYLE } from './style.ts';

function Page({ title, children }: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <p class="brand">Ovenbird</p>
          {children}
        </main>
      </body>
    </html>
  );
}

/** Answers every link that is not valid, so that an expired one looks like one that never was. */
export function NeutralPage() {
  return (
    <Page title="Nothing to decide here">
      <h1>Nothing to decide here</h1>
      <p>
        This link is not valid any more. The request may have been decided, it may have expired, or a newer
        one may have taken its place.
      </p>
      <p class="lead">
        Open the link in the newest mail that you have got, or list what is open with{' '}
        <code>ovenbird status</code>.
      </p>
    </Page>
  );
}

/** Answers a link of a round that was withdrawn. Who is asked now is named to nobody who is not. */
export function WithdrawnPage({ record, approver }: { record: ApprovalRecord; approver: string }) {
  const isAsked = record.approvers.some((named) => named.toLowerCase() === approver.toLowerCase());
  const isAskedNow = isAsked && record.state !== 'withdrawn';
  return (
    <Page title="This request was withdrawn">
      <h1>This request was withdrawn</h1>
      <p>
        The approvers of <strong>{record.pipeline}</strong> were changed while it was open, so this link
        decides nothing any more.
      </p>
      <p class="lead">
        {isAskedNow
          ? 'You are among the approvers of now: open the link in the newer mail.'
          : 'The approvers of now have got a request of their own.'}
      </p>
    </Page>
  );
}

export function FailedPage() {
  return (
    <Page title="That did not work">
      <h1>That did not work</h1>
      <p>
        Something went wrong on our side. Nothing was lost: open the link in the mail again and see what is
        recorded.
      </p>
    </Page>
  );
}

export function DecidedPage({ record, conflict }: { record: ApprovalRecord; conflict: boolean }) {
  const approved = record.state === 'approved';
  const title = conflict ? 'This was decided already' : approved ? 'Approved' : 'Rejected';
  return (
    <Page title={`${title}: ${record.pipeline}`}>
      <h1>{title}</h1>
      {conflict && <p>Another decision came first, and the first one stands.</p>}
      <section>
        <p>
          The new image of <strong>{record.pipeline}</strong> was{' '}
          <strong>{approved ? 'approved' : 'rejected'}</strong> by {record.decision?.by}
          {record.decision === undefined ? '' : `, ${describeTime(record.decision.at)}`}.
        </p>
        {record.decision !== undefined && record.decision.comment !== '' && (
          <p class="soft">“{record.decision.comment}”</p>
        )}
        <p>
          {approved
            ? 'It is being distributed to its targets now and becomes current when all of them are verified.'
            : 'Nothing of it will be released; what the bake made is being removed.'}
        </p>
        <p class="soft">
          Follow it with <code>ovenbird status --bake {record.bake}</code>. You can close this page.
        </p>
      </section>
    </Page>
  );
}

export interface ApprovalPageProps {
  readonly record: ApprovalRecord;
  readonly evidence: Evidence;
  readonly approver: string;
  readonly action: string;
  readonly token: string;
  readonly comment?: string;
  readonly problem?: string;
}

export function ApprovalPage(props: ApprovalPageProps) {
  const { record, evidence, approver } = props;
  return (
    <Page title={`Approve ${evidence.pipeline}?`}>
      <h1>Release this image of {evidence.pipeline}?</h1>
      {evidence.description !== '' && <p class="lead">{evidence.description}</p>}
      <ul class="facts">
        <li>Channel {evidence.channel}</li>
        <li>Team {evidence.team}</li>
        {record.attempt > 1 && <li>Attempt {record.attempt}</li>}
        <li>Until {describeTime(record.expiresAt)}</li>
        <li>
          <a href="#comment">To the decision</a>
        </li>
      </ul>
      {props.problem !== undefined && (
        <p class="problem" role="alert">
          {props.problem}
        </p>
      )}
      <ChangesSection evidence={evidence} />
      <ReasonSection evidence={evidence} />
      <TestsSection evidence={evidence} />
      <PackagesSection evidence={evidence} />
      <TargetsSection evidence={evidence} />
      <IdentitySection record={record} evidence={evidence} />
      <form method="post" action={props.action}>
        <input type="hidden" name="token" value={props.token} />
        <label for="comment">Comment</label>
        <p class="soft" id="comment-help">
          Optional when you approve. A rejection needs a reason.
        </p>
        <textarea id="comment" name="comment" maxlength={2000} aria-describedby="comment-help">
          {props.comment ?? ''}
        </textarea>
        <div class="buttons">
          <button class="approve" type="submit" name="decision" value="approve">
            Approve
          </button>
          <button class="reject" type="submit" name="decision" value="reject">
            Reject
          </button>
        </div>
        <p class="soft">You decide as {approver}. The first decision of any approver counts.</p>
      </form>
    </Page>
  );
}
