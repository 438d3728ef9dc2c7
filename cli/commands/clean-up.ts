/** `clean-up`. */
import type { CleanUp, EndingRelease } from '../../shared/domain/api/clean-up.ts';
import { count, wrap } from '../../shared/domain/base/text.ts';
import { CommandFailed, EXIT, type ExitCode } from '../exit.ts';
import { formatTime } from '../output.ts';
import type { CommandContext } from './context.ts';
import { findPipelinePath } from './pipeline-path.ts';
import { readAllPipelines } from './read-all-pipelines.ts';

export interface CleanUpOptions {
  readonly dryRun?: true;
  readonly keep?: string;
  readonly letGo?: string;
}

/** Says what ends, of one pipeline or of all; or keeps a release of the pipeline, or lets it go again. */
export async function cleanUp(
  context: CommandContext,
  name: string | undefined,
  options: CleanUpOptions,
): Promise<ExitCode> {
  const { keep, letGo } = options;
  const release = keep ?? letGo;
  if ([options.dryRun, keep, letGo].filter((option) => option !== undefined).length !== 1)
    throw new CommandFailed(
      EXIT.invalid,
      'The clean-up runs by itself. Say one of --dry-run, --keep RELEASE and --let-go RELEASE.',
    );
  if (release === undefined) return await preview(context, name);
  if (name === undefined)
    throw new CommandFailed(EXIT.invalid, `Name the pipeline of release ${release} before the option.`);
  return await keepOrLetGo(context, { name, release, kept: keep !== undefined });
}

async function keepOrLetGo(
  context: CommandContext,
  { name, release, kept }: { readonly name: string; readonly release: string; readonly kept: boolean },
): Promise<ExitCode> {
  const path = await findPipelinePath(context, name);
  const parameters = { ...path, id: release };
  const answer = await (await context.api()).call('keepRelease', { parameters, body: { kept } });
  context.out.emit(answer);
  context.out.print([
    kept
      ? `Release ${release} of ${name} is kept, whatever the definition says.`
      : `Release ${release} of ${name} is kept as long as the definition says.`,
  ]);
  if (kept) context.out.remark(`To let it go: ovenbird clean-up ${name} --let-go ${release}`);
  return EXIT.ok;
}

async function preview(context: CommandContext, name: string | undefined): Promise<ExitCode> {
  const { out } = context;
  const api = await context.api();
  const pipelines =
    name === undefined ? await readAllPipelines(api, context.team) : [await findPipelinePath(context, name)];
  const all: CleanUp[] = [];
  for (const pipeline of pipelines) {
    const parameters = { team: pipeline.team, name: pipeline.name };
    all.push(await api.call('previewCleanUp', { parameters }));
  }
  out.emit(all);
  const found = all.filter(({ items }) => items.length > 0);
  const going = found.flatMap(({ items }) => items.filter(({ goes }) => goes));
  const usd = going.reduce((sum, { usdMonth }) => sum + usdMonth, 0);
  out.print([
    ...found.flatMap(({ pipeline, items }) => [
      pipeline,
      ...items.flatMap((item) => describeRelease(item, out.columns)),
    ]),
    going.length === 0
      ? 'No release ends.'
      : `${count(going.length, 'release')} would end: up to USD ${usd.toFixed(2)} a month less.`,
  ]);
  if (going.length > 0) out.remark('To keep one: ovenbird clean-up PIPELINE --keep RELEASE');
  return EXIT.ok;
}

function describeRelease(item: EndingRelease, width: number): string[] {
  const { release, channel, at, images, usdMonth, why } = item;
  const what = `${count(images, 'image')}, up to USD ${usdMonth.toFixed(2)} a month`;
  return [
    `  ${release}  ${formatTime(at)}  ${channel}  ${what}`,
    ...wrap(`${describeEnd(item)}${why.length === 0 ? '' : `: ${why.join(' ')}`}`, width - 4).map(
      (line) => `    ${line}`,
    ),
  ];
}

function describeEnd({ goes, cleanUp, removeAt }: EndingRelease): string {
  if (cleanUp === 'removing') return goes ? 'is being removed' : 'is being removed, but for what is in use';
  if (!goes) return cleanUp === undefined ? 'stays' : 'stays; its mark is taken back';
  return cleanUp === undefined
    ? 'will be marked, and removed two days later'
    : `goes on ${formatTime(removeAt)}`;
}
