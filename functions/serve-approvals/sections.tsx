/** The parts of the approval page that show the evidence. */
import type { Evidence } from '../../shared/domain/approval/evidence.ts';
import { findArtifactId } from '../../shared/domain/artifacts/artifacts.ts';
import { count } from '../../shared/domain/base/text.ts';
import { describeApprovalQuestion } from '../../shared/domain/notifications/messages.ts';
import type { ApprovalRecord } from '../../shared/domain/records/approvals.ts';
import { describeSelector, describeVersion } from '../../shared/domain/selectors/describe.ts';

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

export function ChangesSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">What changed</h2>
      {evidence.changes.length === 0 ? (
        <p>None of its versions has changed; this bake was requested.</p>
      ) : (
        evidence.changes.map((change) => <ChangeItem change={change} />)
      )}
    </section>
  );
}

export function ReasonSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why</h2>
      <p>{evidence.reason}</p>
      {evidence.retained !== undefined && (
        <p>
          {describeApprovalQuestion(evidence)} It was built by bake <code>{evidence.retained.bake}</code> and
          has been retained since.
        </p>
      )}
      {evidence.requestedBy !== undefined && <p class="soft">Requested by {evidence.requestedBy}.</p>}
    </section>
  );
}

export function TestsSection({ evidence }: { evidence: Evidence }) {
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

export function PackagesSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="packages">
      <h2 id="packages">Packages</h2>
      {evidence.packages.map((entry) =>
        entry.unknown !== undefined ? (
          <p>
            The packages in {entry.variant} are not known: {entry.unknown}.
          </p>
        ) : entry.against === undefined ? (
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

export function TargetsSection({ evidence }: { evidence: Evidence }) {
  return (
    <section aria-labelledby="targets">
      <h2 id="targets">Where it goes</h2>
      {(evidence.warnings ?? []).map((warning) => (
        <p class="problem">It {warning}</p>
      ))}
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

export function IdentitySection({ record, evidence }: { record: ApprovalRecord; evidence: Evidence }) {
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
        <summary>All versions of its lock, and the digests that your decision is bound to</summary>
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
