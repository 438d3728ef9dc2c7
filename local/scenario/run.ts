import { setTimeout as sleep } from 'node:timers/promises';
import { findLink, openAsScanner, submitDecision } from './approver.ts';
import { checkExpectations, type ScenarioOutcome } from './expectations.ts';
import type { Mail } from './mailbox.ts';
import { computeLevels, isMet, isQuiet, type Observation, Observer, sortAsTree } from './observe.ts';
import { openMailboxes, prepareCloud } from './prepare.ts';
import { buildReport, type LinkUse } from './report.ts';
import { type Report, ReportSchema } from './report-schema.ts';
import type { ApprovalRule } from './schema.ts';
import { perform, runSchedule, type ScenarioContext } from './timeline.ts';
import type { Row, View } from './view.ts';

/** Plays one scenario on a local cloud with the service deployed, and reports what came of it. */

export interface RunOptions {
  readonly context: ScenarioContext;
  readonly view: View;
  readonly topics: { readonly notification: string; readonly approval: string };
  /** Start of the count of `seconds`: the Python environment is installed. */
  readonly since: number;
  /** Current targets by pipeline, from the definitions that the scenario applies. */
  readonly wantedTargets: ScenarioOutcome['wantedTargets'];
  /** Wall clock in milliseconds. */
  readonly now: () => number;
}

const POLL_MS = 400;
/** The scenario is at rest when nothing has changed for this long. */
const QUIET_MS = 2500;

/** Runs the schedules that the scenario repeats more often than AWS would. */
class ScheduleRunner {
  private readonly entries: { name: string; everyMs: number; next: number }[] = [];
  private readonly context: ScenarioContext;
  constructor(context: ScenarioContext) {
    this.context = context;
  }
  add({ do: action }: ScenarioContext['scenario']['timeline'][number], now: number): void {
    if (!('tick' in action) || action.tick.every === undefined) return;
    const everyMs = action.tick.every * 1000;
    this.entries.push({ name: action.tick.function, everyMs, next: now + everyMs });
  }
  async due(now: number): Promise<void> {
    for (const entry of this.entries.filter(({ next }) => next <= now)) {
      entry.next = now + entry.everyMs;
      await runSchedule(this.context, entry.name);
    }
  }
  /** Quiet time that includes a whole round of the schedules. */
  get restMs(): number {
    return Math.max(QUIET_MS, ...this.entries.map(({ everyMs }) => everyMs + QUIET_MS));
  }
}

function findApprovalId(link: string): string {
  return /\/approvals\/([^/?#]+)/.exec(link)?.[1] ?? '';
}

/** Answers approvals by their links as the scenario's rules say. */
class ApprovalAnswers {
  private readonly rules: { rule: ApprovalRule; used: number }[];
  private readonly waiting: { mail: Mail; link: string; rule: ApprovalRule }[] = [];
  readonly links = new Map<string, LinkUse>();
  private readonly news: (line: string) => void;

  constructor(rules: readonly ApprovalRule[], news: (line: string) => void) {
    this.rules = rules.map((rule) => ({ rule, used: 0 }));
    this.news = news;
  }

  /** Finds the rule for a new mail. A scanner opens the link before the answer, as mail gateways do. */
  async receive(mail: Mail): Promise<void> {
    const link = findLink(mail.text);
    if (link === undefined) return;
    const pipeline = mail.attributes.pipeline ?? '';
    const use = this.links.get(findApprovalId(link)) ?? { approval: findApprovalId(link), scanned: 0 };
    this.links.set(use.approval, use);
    const found = this.rules.find(
      ({ rule, used }) =>
        (rule.pipeline === '*' || rule.pipeline === pipeline) &&
        (rule.approver === undefined || rule.approver === mail.to) &&
        (rule.times === undefined || used < rule.times),
    );
    if (found === undefined) return;
    found.used += 1;
    if (found.rule.scannerFirst) {
      const statuses = await openAsScanner(link);
      use.scanned += 1;
      this.news(`${pipeline}: a mail scanner opens the link (${statuses.join(', ')})`);
    }
    if (found.rule.decision !== 'ignore') this.waiting.push({ mail, link, rule: found.rule });
  }

  async answer(observation: Observation, seconds: number): Promise<void> {
    for (const entry of [...this.waiting]) {
      if (entry.rule.after !== undefined && !isMet(entry.rule.after, observation, seconds)) continue;
      if (entry.rule.decision === 'ignore') continue;
      this.waiting.splice(this.waiting.indexOf(entry), 1);
      await submitDecision(entry.link, entry.rule.decision, entry.rule.comment);
      const does = entry.rule.decision === 'approve' ? 'approves' : 'rejects';
      this.news(`${entry.mail.attributes.pipeline ?? ''}: ${entry.mail.to} ${does} by the link in the mail`);
    }
  }
}

function toRows(observation: Observation, now: number): Row[] {
  const depth = computeLevels(observation.pipelines);
  return sortAsTree(observation.pipelines).map((pipeline) => {
    const bakes = observation.bakes.filter((bake) => bake.pipeline === pipeline.name);
    const bake = bakes.at(-1);
    const steps = (bake?.steps ?? []).filter((step) => step.attempt === bake?.attempt);
    const held = pipeline.decision?.kind === 'hold' ? pipeline.decision.reasons[0]?.code : undefined;
    return {
      pipeline: pipeline.name,
      level: depth.get(pipeline.name) ?? 0,
      state: bake?.state ?? held ?? (pipeline.pending ? 'due' : 'applied'),
      done: steps
        .filter((step) => step.state === 'succeeded' || step.state === 'skipped')
        .map((step) => step.name),
      running: steps.find((step) => step.state === 'running')?.name,
      failed: steps.find((step) => step.state === 'failed')?.name,
      ...(bake === undefined
        ? {}
        : {
            seconds:
              ((bake.endedAt === undefined ? now : Date.parse(bake.endedAt)) - Date.parse(bake.createdAt)) /
              1000,
          }),
      bakes: bakes.length,
    };
  });
}

/** Prints one line for each new state of a bake. */
class BakeNews {
  private readonly known = new Map<string, string>();
  private readonly news: (line: string) => void;
  constructor(news: (line: string) => void) {
    this.news = news;
  }
  tell(observation: Observation): void {
    for (const bake of observation.bakes) {
      const state = `${bake.attempt}:${bake.state}`;
      if (this.known.get(bake.id) === state) continue;
      this.known.set(bake.id, state);
      const failure = bake.attempts.at(-1)?.failure;
      const attempt = bake.attempt > 1 ? ` (attempt ${bake.attempt})` : '';
      this.news(
        `${bake.pipeline}: ${bake.state}${attempt}${failure === undefined ? '' : `: ${failure.reason}`}`,
      );
    }
  }
}

/** Copies that failed and were made again, by account and region. */
function countFailedCopies(bakes: Observation['bakes']): ScenarioOutcome['failedCopies'] {
  const counts = new Map<string, { account: string; region: string; count: number }>();
  for (const { account, region, copyAttempts } of bakes.flatMap(({ targets }) => targets)) {
    const known = counts.get(`${account}/${region}`) ?? { account, region, count: 0 };
    counts.set(`${account}/${region}`, { ...known, count: known.count + copyAttempts });
  }
  return [...counts.values()];
}

export async function runScenario({
  context,
  view,
  topics,
  since,
  wantedTargets,
  now,
}: RunOptions): Promise<Report> {
  const { scenario, cloud, api } = context;
  const seconds = () => (now() - since) / 1000;
  const observer = new Observer(api);
  const boxes = await openMailboxes(scenario, context, topics);
  await prepareCloud(context);
  const callsAfter = (await cloud.control.calls(0)).at(-1)?.seq ?? 0;
  const ready = seconds();
  view.news(`ready after ${ready.toFixed(1)} s`);

  const teller = new BakeNews(view.news);
  const answering = new ApprovalAnswers(scenario.approvals, view.news);
  const began = now();
  const ticking = new ScheduleRunner(context);
  const remaining = [...scenario.timeline];
  let entrySince = now();
  let firstRelease: number | null = null;
  let quietSince: number | undefined;
  let endedBy = '';
  for (;;) {
    const elapsed = (now() - began) / 1000;
    const observation = await observer.look();
    teller.tell(observation);
    if (firstRelease === null && observation.releases.length > 0) firstRelease = seconds();
    view.frame({
      title: `${scenario.name} on the local cloud`,
      elapsedSeconds: elapsed,
      rows: toRows(observation, now()),
    });

    for (const box of boxes.approvers) for (const mail of await box.collect()) await answering.receive(mail);
    await answering.answer(observation, elapsed);
    await boxes.everybody.collect();

    await ticking.due(now());
    const next = remaining[0];
    if (next !== undefined) {
      if (next.when === undefined || isMet(next.when, observation, elapsed)) {
        remaining.shift();
        await perform(context, next.do, observation);
        ticking.add(next, now());
        entrySince = now();
        quietSince = undefined;
        continue;
      }
      if ((now() - entrySince) / 1000 > next.within) {
        endedBy = `the timeline waited ${next.within} s for ${JSON.stringify(next.when)}`;
        break;
      }
    } else if (isQuiet(observation) && observation.bakes.length > 0) {
      quietSince ??= now();
      if (now() - quietSince > ticking.restMs) break;
    } else quietSince = undefined;
    if (elapsed > scenario.deadline) {
      endedBy = `the deadline of ${scenario.deadline} s passed`;
      break;
    }
    await sleep(POLL_MS);
  }
  await Promise.all([...boxes.approvers, boxes.everybody].map((box) => box.collect()));
  if (endedBy !== '') view.news(`stopped: ${endedBy}`);

  const mails = [...boxes.everybody.mails, ...boxes.approvers.flatMap((box) => box.mails)];
  const total = quietSince === undefined ? seconds() : (quietSince - since) / 1000;
  const { report, locations } = await buildReport({
    scenario,
    cloud,
    api,
    observer,
    seconds: {
      ready: round(ready),
      firstRelease: firstRelease === null ? null : round(firstRelease),
      total: round(total),
    },
    mails,
    links: answering.links,
    callsAfter,
  });
  boxes.everybody.close();
  const attempts = observer.last.bakes.flatMap((bake) =>
    bake.attempts.map((attempt) => ({
      pipeline: bake.pipeline,
      bake: bake.id,
      attempt: attempt.attempt,
      state: attempt.state,
      reason: attempt.failure?.reason ?? '',
    })),
  );
  const stale = observer.last.pipelines
    .filter(
      (pipeline) =>
        pipeline.pending ||
        pipeline.activeBake !== undefined ||
        (pipeline.decision?.kind === 'hold' &&
          pipeline.decision.reasons.some(({ code }) => code !== 'up-to-date')),
    )
    .map((pipeline) => ({
      pipeline: pipeline.name,
      why: pipeline.decision?.reasons.map(({ message }) => message).join('; ') ?? 'not reconciled yet',
    }));
  const copies = countFailedCopies(observer.last.bakes);
  const verdicts = checkExpectations(scenario, {
    report,
    locations: locations,
    wantedTargets,
    stale,
    attempts,
    failedCopies: copies,
    launches: context.launches,
  });
  if (endedBy !== '') verdicts.push({ text: 'the scenario came to its end', held: false, why: endedBy });
  return ReportSchema.parse({ ...report, expectations: verdicts });
}

const round = (value: number) => Math.round(value * 10) / 10;
