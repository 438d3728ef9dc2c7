/** `plan`: what would bake if files were applied and selectors changed. Nothing is written. */
import { existsSync } from 'node:fs';
import type { Preview } from '../../shared/domain/api/explanation.ts';
import { InvalidDefinition } from '../../shared/domain/base/errors.ts';
import { count, describeSeconds, joinWords, wrap } from '../../shared/domain/base/text.ts';
import { describeChange, describeSelector } from '../../shared/domain/selectors/describe.ts';
import { type DefinitionFile, loadDefinitions, toShownPath } from '../definition-file.ts';
import { CommandFailed, EXIT, type ExitCode } from '../exit.ts';
import { formatTable } from '../output.ts';
import type { CommandContext } from './context.ts';

export interface PlanOptions {
  /** `SELECTOR=VERSION` each. */
  readonly change: readonly string[];
}

export async function plan(
  { out, api }: CommandContext,
  files: readonly string[],
  options: PlanOptions,
): Promise<ExitCode> {
  const loaded = load(files);
  const changes = options.change.map(parseChange);
  const client = await api();
  try {
    const preview = await client.call('previewPlan', {
      body: { definitions: loaded.map(({ definition }) => definition), changes },
    });
    out.emit(preview);
    out.print(previewLines(preview, out.columns));
    for (const { file, notes } of loaded)
      for (const note of notes) out.remark(`${toShownPath(file)}  ${note}`);
    return EXIT.ok;
  } catch (error) {
    throw locateProblems(error, loaded);
  }
}

function load(files: readonly string[]): DefinitionFile[] {
  for (const file of files)
    if (!existsSync(file) && file.includes('='))
      throw new CommandFailed(EXIT.invalid, `${file} is no file. A change is given as: --change ${file}`);
  try {
    return loadDefinitions(files);
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error;
    const problems = error.problems.map((problem) =>
      problem.file === undefined ? problem : { ...problem, file: toShownPath(problem.file) },
    );
    throw new CommandFailed(EXIT.invalid, 'There is nothing to plan.', problems);
  }
}

/** Selectors may hold "=", versions do not. */
function parseChange(text: string): { selector: string; version: string } {
  const split = text.lastIndexOf('=');
  if (split <= 0 || split === text.length - 1)
    throw new CommandFailed(
      EXIT.invalid,
      `--change ${text}: write it as SELECTOR=VERSION, such as component:harden-ssh/1.x.x=1.2.0`,
    );
  return { selector: text.slice(0, split), version: text.slice(split + 1) };
}

/** Adds file and line to problems of the service, which knows pipelines and fields only. */
function locateProblems(error: unknown, loaded: readonly DefinitionFile[]): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const problems = error.problems.map((problem) => {
    const entry = loaded.find(({ definition }) => definition.name === problem.file);
    if (entry === undefined) return problem;
    const line = entry.findLine(problem.field);
    return { ...problem, file: toShownPath(entry.file), ...(line === undefined ? {} : { line }) };
  });
  return new CommandFailed(error.exitCode, error.message, problems, { cause: error });
}

export function previewLines(preview: Preview, width: number): string[] {
  const { waves, notes, stopped } = preview;
  return [
    ...givenLines(preview, width),
    ...(waves.length === 0 ? ['Nothing would bake.'] : []),
    ...waves.flatMap((wave, index) => [...(index === 0 ? [] : ['']), ...waveLines(wave, width)]),
    ...section('Would not start', heldLines(preview, width)),
    ...section('Bakes already', runningLines(preview, width)),
    ...(waves.length === 0 ? [] : ['', ...totalLines(preview, width)]),
    ...notes.flatMap((note) => ['', ...wrap(note, width)]),
    ...(stopped === undefined ? [] : ['', ...wrap(`The plan was cut off ${stopped}; there is more.`, width)]),
    '',
    'Nothing was written.',
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

/** The applied definitions and the assumed changes. */
function givenLines({ applied, moved }: Preview, width: number): string[] {
  const lines = [
    ...applied.map(({ pipeline, revision, outcome }) => `${pipeline}: revision ${revision}, ${outcome}`),
    ...moved.map((change) => describeChange(change)),
  ].flatMap((line) => wrap(line, width - 2).map((part, index) => `${index === 0 ? '  ' : '    '}${part}`));
  return lines.length === 0 ? [] : ['With', ...lines, ''];
}

type Wave = Preview['waves'][number];
type Bake = Wave['bakes'][number];

function waveLines({ level, bakes }: Wave, width: number): string[] {
  return [
    `Wave ${level}: ${count(bakes.length, 'image')}`,
    ...formatTable(
      [
        { title: '  PIPELINE', most: 26 },
        { title: 'FROM' },
        { title: 'STARTS' },
        { title: 'TAKES' },
        { title: 'GOES TO' },
        { title: 'WHY' },
      ],
      bakes.map((bake) => [
        `  ${bake.pipeline}`,
        bake.startsAt,
        bake.startsIn === 0 ? 'now' : `+${describeSeconds(bake.startsIn)}`,
        bake.seconds === undefined ? '?' : describeSeconds(bake.seconds),
        describeTargets(bake),
        describeBakeReason(bake),
      ]),
      width,
    ),
  ];
}

function describeTargets({ targets }: Bake): string {
  if (targets.length === 0) return '-';
  const accounts = new Set(targets.map(({ account }) => account)).size;
  const regions = new Set(targets.map(({ region }) => region)).size;
  return `${accounts} acc, ${regions} reg`;
}

function describeBakeReason({ changes, reason, isAsked, isSuperseded }: Bake): string {
  const what = [...new Set(changes.map(({ selector }) => describeSelector(selector)))];
  if (isSuperseded) return 'superseded by newer versions';
  return `${isAsked ? '' : '(anyway) '}${what.length === 0 ? reason : what.join(', ')}`;
}

function heldLines({ held }: Preview, width: number): string[] {
  return held.flatMap(({ pipeline, reasons }) =>
    reasons.flatMap(({ message, remedies }) => [
      ...wrap(`${pipeline}: ${message}`, width, '  '),
      ...remedies
        .slice(0, 1)
        .flatMap(({ sentence, command }) => [
          ...wrap(`It bakes ${sentence}${command === undefined ? '' : ':'}`, width, '    '),
          ...(command === undefined ? [] : [`      ${command}`]),
        ]),
    ]),
  );
}

function runningLines({ running }: Preview, width: number): string[] {
  return running.flatMap(({ bake, pipeline, state }) => wrap(`${pipeline}: ${bake}, ${state}`, width, '  '));
}

function totalLines(preview: Preview, width: number): string[] {
  const { seconds, unknownTime, approvals, cost, confirm } = preview;
  const asked = preview.waves.flatMap(({ bakes }) => bakes).filter(({ isAsked }) => isAsked);
  if (asked.length === 0) return ['All of it happens anyway: it is due already.'];
  const time = seconds === undefined ? 'an unknown time' : `about ${describeSeconds(seconds)}`;
  const without =
    seconds === undefined || unknownTime.length === 0 ? '' : ` (${listNames(unknownTime)} not counted)`;
  const people =
    approvals.count === 0
      ? ''
      : `, and ${count(approvals.count, 'approval')}${approvals.seconds === undefined ? '' : ` (${describeSeconds(approvals.seconds)} each, as a rule)`}`;
  const once = cost.build + cost.test + cost.transfer;
  return [
    ...hanging('Takes', `${time}${without}${people}`, width),
    ...hanging(
      'Costs',
      `$${once.toFixed(2)}: build ${cost.build.toFixed(2)}, test ${cost.test.toFixed(2)}, transfer ${cost.transfer.toFixed(2)}; at most $${cost.monthly.toFixed(2)} a month for copies`,
      width,
    ),
    ...(cost.unknown.length === 0 ? [] : hanging('', `without ${listNames(cost.unknown)}`, width)),
    ...hanging('', `prices of ${cost.prices.region}, ${cost.prices.date}`, width),
    ...confirm.flatMap((change) =>
      hanging(
        'Confirm',
        `${describeChange(change)} bakes so many images that it waits for a confirmation. List waves: ovenbird waves`,
        width,
      ),
    ),
  ];
}

const MAX_NAMED = 3;

function listNames(words: readonly string[]): string {
  const more = words.length - MAX_NAMED;
  return joinWords([...words.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])]);
}

function hanging(title: string, text: string, width: number): string[] {
  return wrap(text, width - 9).map((line, index) => `${(index === 0 ? title : '').padEnd(9)}${line}`);
}
