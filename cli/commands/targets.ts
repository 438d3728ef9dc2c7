/** `targets template`, `targets check`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TargetCheck } from '../../shared/domain/api/shapes.ts';
import { count, wrap } from '../../shared/domain/base/text.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CommandContext } from './context.ts';

const TEMPLATE = join(resolve(import.meta.dirname, '../..'), 'resources/target-account.yml');

/** Prints the template, for a stack or a StackSet. */
export function printTemplate({ out }: CommandContext): ExitCode {
  const template = readFileSync(TEMPLATE, 'utf8');
  out.emit({ template });
  out.print([template.trimEnd()]);
  return EXIT.ok;
}

/** Says of each account and region what is missing; fails where anything is. */
export async function checkTargets({ out, api }: CommandContext, account?: string): Promise<ExitCode> {
  const client = await api();
  const all: TargetCheck[] = [];
  let after: string | undefined;
  do {
    const part = await client.call('checkTargets', { query: { account, after } });
    all.push(...part.items);
    after = part.after;
  } while (after !== undefined);
  out.emit(all);
  const broken = all.filter(({ problems }) => problems.length > 0);
  out.print([
    ...all.flatMap((target) => describeTarget(target, out.columns)),
    all.length === 0
      ? `No pipeline is distributed to ${account ?? 'any account'}.`
      : `${count(all.length - broken.length, 'target is', 'targets are')} in order, ${broken.length} not.`,
  ]);
  return broken.length === 0 ? EXIT.ok : EXIT.failed;
}

function describeTarget(
  { account, region, modes, pipelines, problems }: TargetCheck,
  width: number,
): string[] {
  const what = `${account} ${region} (${modes.join(', ')}; ${count(pipelines, 'pipeline')})`;
  return [
    `${problems.length === 0 ? 'ok ' : 'NOT'} ${what}`,
    ...problems.flatMap(({ problem, fix }) => [
      ...wrap(problem, width - 6).map((line) => `      ${line}`),
      ...wrap(`fix: ${fix}`, width - 6).map((line) => `      ${line}`),
    ]),
  ];
}
