/** `explain`: why a pipeline was last baked, why it does not bake now, and what would make it. */
import type { Explanation } from '../../shared/domain/api/explanation.ts';
import { describeWithdrawal } from '../../shared/domain/approval/rounds.ts';
import { count, describeTime, joinWords, wrap } from '../../shared/domain/base/text.ts';
import type { Remedy } from '../../shared/domain/reconcile/remedies.ts';
import { describeChange, describeSelector, describeVersion } from '../../shared/domain/selectors/describe.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { formatTime } from '../output.ts';
import type { CommandContext } from './context.ts';
import { findPipelinePath } from './pipeline-path.ts';
import { factLines } from './show-lines.ts';

export async function explain(context: CommandContext, name: string): Promise<ExitCode> {
  const { out } = context;
  const parameters = await findPipelinePath(context, name);
  const explanation = await (await context.api()).call('explainPipeline', { parameters });
  out.emit(explanation);
  out.print(explanationLines(explanation, out.columns));
  return EXIT.ok;
}

export function explanationLines(explanation: Explanation, width: number): string[] {
  return [
    ...factLines(listFacts(explanation), width),
    ...section('Why it was last baked', lastLines(explanation, width)),
    ...section(describeTitle(explanation), decisionLines(explanation, width)),
    ...section('Pending changes', pendingLines(explanation, width)),
    ...section('What cannot be resolved now', unresolvedLines(explanation, width)),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

const STATES: Readonly<Record<Explanation['state'], string>> = {
  baking: 'baking',
  held: 'held',
  due: 'due',
  current: 'current',
  'never-baked': 'never baked',
};

function listFacts(explanation: Explanation): [string, string][] {
  const { pipeline, state, disabled, current, schedule, frozen, dueAt, request } = explanation;
  const facts: [string, string | undefined][] = [
    ['Pipeline', pipeline],
    ['State', STATES[state]],
    [
      'Disabled',
      disabled &&
        `${formatTime(disabled.at)} by ${disabled.by}${disabled.reason === '' ? '' : `: ${disabled.reason}`}`,
    ],
    ['Released', current && `${formatTime(current.at)}, release ${current.release}`],
    ['Asked for', request && `${formatTime(request.at)} by ${request.by}${request.force ? ', forced' : ''}`],
    [
      'Schedule',
      schedule &&
        `${schedule.expression} (${schedule.timeZone}), next ${schedule.next === undefined ? 'never' : describeTime(schedule.next)}`,
    ],
    ['Frozen', frozen && `until ${describeTime(frozen.until)}: ${frozen.reason}`],
    ['Next look', dueAt && describeTime(dueAt)],
  ];
  return facts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
}

function lastLines({ last }: Explanation, width: number): string[] {
  if (last === undefined) return [];
  const { moreCauses = 0 } = last;
  return [
    ...wrap(`Bake ${last.id}, ${formatTime(last.createdAt)}, ${last.state}`, width, '  '),
    ...wrap(last.reason, width, '  '),
    ...approvalLines(last, width),
    ...last.chains.flatMap((chain) => ['', ...chainLines(chain, last.id, width)]),
    ...(moreCauses === 0 ? [] : ['', `  and ${count(moreCauses, 'earlier cause')}`]),
    ...(last.more === 0 ? [] : ['', `  and ${count(last.more, 'earlier change')}`]),
  ];
}

function approvalLines({ approval }: NonNullable<Explanation['last']>, width: number): string[] {
  if (approval === undefined) return [];
  const { state, approvers, expiresAt, earlierRounds } = approval;
  const waits =
    state === 'open'
      ? [`It waits for the approval of ${joinWords(approvers)} until ${describeTime(expiresAt)}.`]
      : [];
  return [...earlierRounds.map(describeWithdrawal), ...waits].flatMap((line) => wrap(line, width, '  '));
}

type Chain = NonNullable<Explanation['last']>['chains'][number];

/** The chain from the first change down to the bake, one link per line. */
function chainLines(chain: Chain, bake: string, width: number): string[] {
  const lines = chain.map((link) =>
    link.kind === 'bake'
      ? `bake ${link.bake} of ${link.pipeline}`
      : `${describeChange(link.change)} (${formatTime(link.change.at)})`,
  );
  return [...lines, `bake ${bake}`].flatMap((line, index) =>
    wrap(line, width - 7, '').map((part, row) => {
      const arrow = index === 0 ? '' : '-> ';
      return `    ${row === 0 ? arrow : ' '.repeat(arrow.length)}${part}`;
    }),
  );
}

function describeTitle({ state, decision }: Explanation): string {
  const when = decision === undefined ? '' : ` (since ${formatTime(decision.at)})`;
  if (state === 'baking') return `Why nothing else starts${when}`;
  return `Why it does not bake now${when}`;
}

function decisionLines({ decision, isOutdated, dueAt }: Explanation, width: number): string[] {
  const { reasons = [] } = decision ?? {};
  const since =
    isOutdated && dueAt !== undefined
      ? `A change came since; it is decided again at ${describeTime(dueAt)}.`
      : '';
  return [...wrap(since, width, '  '), ...(since === '' ? [] : ['']), ...reasonLines(reasons, width)];
}

type Reasons = NonNullable<Explanation['decision']>['reasons'];

function reasonLines(reasons: Reasons, width: number): string[] {
  return reasons.flatMap((reason, index) => [
    ...(index === 0 ? [] : ['']),
    ...wrap(reason.message, width, '  '),
    ...reason.remedies.flatMap((remedy, position) => remedyLines(remedy, position === 0, width)),
  ]);
}

function remedyLines({ sentence, command }: Remedy, isFirst: boolean, width: number): string[] {
  const words = `${isFirst ? 'It bakes ' : 'or '}${sentence}${command === undefined ? '' : ':'}`;
  return [...wrap(words, width, '    '), ...(command === undefined ? [] : [`      ${command}`])];
}

function pendingLines({ pending, morePending }: Explanation, width: number): string[] {
  return [
    ...pending.flatMap((change) => hanging(`${describeChange(change)} (${formatTime(change.at)})`, width)),
    ...(morePending === 0 ? [] : [`  and ${count(morePending, 'earlier change')}`]),
  ];
}

function unresolvedLines({ unresolved }: Explanation, width: number): string[] {
  return unresolved.flatMap(({ key, version, problem }) =>
    hanging(
      `${describeSelector(key)}: ${problem}${version === undefined ? '' : `; it stays at ${describeVersion(version)}`}`,
      width,
    ),
  );
}

function hanging(text: string, width: number): string[] {
  return wrap(text, width - 4, '').map((line, index) => `${index === 0 ? '  ' : '    '}${line}`);
}
