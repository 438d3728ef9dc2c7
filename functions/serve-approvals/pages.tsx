/** What people see. Server-rendered, no script: it reads the same with a keyboard alone, on a telephone, and for a screen reader. */
import type { Child } from 'hono/jsx';
import type { Evidence } from '../../shared/domain/approval/evidence.ts';
import { findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import { count, describeTime } from '../../shared/domain/base/text.ts';
import { describeApprovalQuestion } from '../../shared/domain/notifications/messages.ts';
import type { ApprovalRecord } from '../../shared/domain/records/approvals.ts';
import { describeSelector, describeVersion } from '../../shared/domain/selectors/describe.ts';
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

/** One page for whatever cannot be shown: it does not tell an expired link from one that never was. */
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
      {conflict && <p>Somebody else was first, and the first decision stands.</p>}
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
        {evidence.team !== undefined && <li>Team {evidence.team}</li>}
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

function ChangeItem({ change }: { change: Evidence['changes'][number] }) {
  return (
    <dl class="move">
      <dt>{describeSelector(change.selector)}</dt>
      <dd>
        {change.from !== undefined && (
          <>
            <code>{describeVersion(change.from)}</code>
            <span class="arrow">→</span>
          </>
        )}
        <code>{describeVersion(change.to)}</code>
      </dd>
      {change.cause !== undefined && (
        <dd>
          follows from {describeSelector(change.cause.selector)}{' '}
          {change.cause.from === undefined ? '' : `${describeVersion(change.cause.from)} → `}
          {describeVersion(change.cause.to)}
        </dd>
      )}
    </dl>
  );
}

function ChangesSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">What changed</h2>
      {evidence.changes.length === 0 ? (
        <p>Nothing that it is made of has moved; somebody asked for this bake.</p>
      ) : (
        evidence.changes.map((change) => <ChangeItem change={change} />)
      )}
    </section>
  );
}

function ReasonSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why</h2>
      <p>{evidence.reason}</p>
      {evidence.retained !== undefined && (
        <p>
          {describeApprovalQuestion(evidence)} It was built by bake <code>{evidence.retained.bake}</code> and
          is kept since.
        </p>
      )}
      {evidence.requestedBy !== undefined && <p class="soft">Asked for by {evidence.requestedBy}.</p>}
    </section>
  );
}

function TestsSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="tests">
      <h2 id="tests">Tests and gates</h2>
      <ul class="rows">
        {evidence.tests.flatMap((test) =>
          test.results.map((result) => (
            <li>
              <span class={result.status === 'passed' ? 'mark' : 'mark bad'}>{result.status}</span>
              <span class="what">
                {result.suite}{' '}
                <span class="soft">
                  {test.variant} on {test.instanceType}
                </span>
                {result.excerpt !== '' && (
                  <details>
                    <summary>Output</summary>
                    <pre>{result.excerpt}</pre>
                  </details>
                )}
              </span>
            </li>
          )),
        )}
        {evidence.gates.map((gate) => (
          <li>
            <span class={gate.outcome === 'passed' ? 'mark' : 'mark bad'}>{gate.outcome}</span>
            <span class="what">
              gate {gate.name} <span class="soft">{gate.reasons.join('; ')}</span>
            </span>
          </li>
        ))}
      </ul>
      {evidence.tests.length === 0 && <p>No test results were recorded.</p>}
    </section>
  );
}

function PackagesSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="packages">
      <h2 id="packages">Packages</h2>
      {evidence.packages.map((entry) =>
        entry.against === undefined ? (
          <p>
            {count(entry.total, 'package')} in {entry.variant}. Nothing was released before to compare with.
          </p>
        ) : (
          <>
            <div class="numbers">
              <div>
                <strong>{entry.diff.added.length}</strong> added
              </div>
              <div>
                <strong>{entry.diff.changed.length}</strong> changed
              </div>
              <div>
                <strong>{entry.diff.removed.length}</strong> removed
              </div>
            </div>
            <p class="soft">
              {count(entry.total, 'package')} in {entry.variant}, compared with the current release.
            </p>
            <PackageList entry={entry} />
          </>
        ),
      )}
      {evidence.packages.length === 0 && <p>No inventory was recorded.</p>}
    </section>
  );
}

function PackageList({ entry }: { entry: Evidence['packages'][number] }) {
  const { added, changed, removed } = entry.diff;
  if (added.length + changed.length + removed.length === 0) return null;
  const lines = [
    ...added.map(({ name, version }) => `+ ${name} ${version}`),
    ...changed.map(({ name, from, to }) => `~ ${name} ${from} → ${to}`),
    ...removed.map(({ name, version }) => `- ${name} ${version}`),
  ];
  return (
    <details open={lines.length <= 8}>
      <summary>Show {count(lines.length, 'difference')}</summary>
      <pre>{lines.join('\n')}</pre>
    </details>
  );
}

function TargetsSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="targets">
      <h2 id="targets">Where it goes</h2>
      {evidence.targets.length === 0 ? (
        <p>To no other account; it stays in the control account as a base for other images.</p>
      ) : (
        <ul class="rows">
          {evidence.targets.map((target) => (
            <li>
              <span class="what">
                <code>{target.account}</code>
                <span class="soft place">
                  {target.regions.map((region, index) => (
                    <span class="whole">
                      {region}
                      {index < target.regions.length - 1 ? ', ' : ''}
                    </span>
                  ))}
                </span>
              </span>
              <span class="mark plain">
                {target.mode === 'copy' ? 'own copy' : 'shared'}
                {target.required ? '' : ', best effort'}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function IdentitySection({ record, evidence }: { record: ApprovalRecord; evidence: Evidence }) {
  return (
    <section aria-labelledby="exactly">
      <h2 id="exactly">Exactly this image</h2>
      <ul class="rows">
        {evidence.images.map(({ variant, artifact }) => (
          <li>
            <span class="what">
              <code>{findArtifactId(artifact)}</code>{' '}
              <span class="soft">
                {variant}, {artifact.account}, {artifact.region}
              </span>
            </span>
          </li>
        ))}
      </ul>
      <details>
        <summary>All versions it is made of, and what your decision is bound to</summary>
        <pre>
          {[
            `${describeSelector(evidence.lock.base.key)}  ${evidence.lock.base.version}`,
            ...evidence.lock.components.map((entry) => `${describeSelector(entry.key)}  ${entry.version}`),
            '',
            `bake      ${record.bake}, attempt ${record.attempt}`,
            `revision  ${evidence.revision}`,
            `image     ${record.imageDigest}`,
            `evidence  ${record.evidenceDigest}`,
            `targets   ${record.targetsDigest}`,
          ].join('\n')}
        </pre>
      </details>
    </section>
  );
}
