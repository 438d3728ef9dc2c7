/** Whether the target accounts are onboarded: each account and region that a definition names is opened and looked at, with what mends it. */
import type { TargetCheck, TargetChecks } from '../../domain/api/shapes.ts';
import { PreflightFailed } from '../../domain/base/errors.ts';
import { DEFAULT_TARGET_KEY, lists } from '../../domain/base/naming.ts';
import { PipelineRecordSchema } from '../../domain/records/pipelines.ts';
import type { Ports } from '../../ports/ports.ts';
import { mapConcurrent } from '../store/map-concurrent.ts';
import { readPages } from '../store/read.ts';

export interface CheckTargetsDeps extends Pick<Ports, 'locations'> {
  readonly table: Pick<Ports['table'], 'query'>;
}

/** A check takes a second or so, and the API answers within 29. */
const CHECKS_AT_ONCE = 10;
const MOST_CHECKS = 200;
/** A parameter that is not there: whether it may be read is what counts. */
const ANY_PARAMETER = '/ovenbird/none';

type Target = Omit<TargetCheck, 'problems'>;

export async function checkTargets(
  deps: CheckTargetsDeps,
  { account, after }: { readonly account?: string | undefined; readonly after?: string | undefined },
): Promise<TargetChecks> {
  const asked = [...(await readTargets(deps))].filter(
    ([name, target]) =>
      (account === undefined || target.account === account) &&
      (after === undefined || name.localeCompare(after) > 0),
  );
  const part = asked.slice(0, MOST_CHECKS);
  const items = await mapConcurrent(CHECKS_AT_ONCE, part, ([, target]) => checkTarget(deps, target));
  return { items, after: part.length < asked.length ? part.at(-1)?.[0] : undefined };
}

/** By `account/region`, in that order. */
async function readTargets({ table }: CheckTargetsDeps): Promise<Map<string, Target>> {
  const found = new Map<string, Target>();
  for await (const page of readPages(table, { index: 'list', pk: lists.pipelines }, PipelineRecordSchema))
    for (const [account = '', region = '', mode = ''] of page.flatMap(({ spec }) =>
      spec.targets.map((target) => target.split('/')),
    )) {
      const name = `${account}/${region}`;
      const { modes, pipelines } = found.get(name) ?? { modes: [], pipelines: 0 };
      const all = [...new Set([...modes, mode])].sort();
      found.set(name, { account, region, modes: all, pipelines: pipelines + 1 });
    }
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b)));
}

async function checkTarget({ locations }: CheckTargetsDeps, target: Target): Promise<TargetCheck> {
  try {
    const location = await locations.open(target.account, target.region);
    // Shared images stay in the control account, with a key of that.
    const key = target.modes.includes('copy') ? { key: DEFAULT_TARGET_KEY } : {};
    const problems = await location.preflight({ ...key, parameter: ANY_PARAMETER });
    return { ...target, problems: problems.map(({ problem, fix }) => ({ problem, fix })) };
  } catch (error) {
    if (!(error instanceof PreflightFailed)) throw error;
    const fix = 'Deploy what `ovenbird targets template` prints in that account and region.';
    return { ...target, problems: [{ problem: error.message, fix }] };
  }
}
