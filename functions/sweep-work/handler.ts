import * as z from 'zod';
import { clock } from '../../shared/lambda/deps/basics.ts';
import { eventPublisher } from '../../shared/lambda/deps/event-publisher.ts';
import { findingHints } from '../../shared/lambda/deps/finding-hints.ts';
import { hintQueue } from '../../shared/lambda/deps/hint-queue.ts';
import { limits } from '../../shared/lambda/deps/limits.ts';
import { approverNotifier, notifier } from '../../shared/lambda/deps/notifier.ts';
import { reconcileQueue } from '../../shared/lambda/deps/reconcile-queue.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { wakeQueue } from '../../shared/lambda/deps/wake-queue.ts';
import { workflows } from '../../shared/lambda/deps/workflows.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { countPublished } from '../../shared/lambda/measure-published.ts';
import { countMetric, log } from '../../shared/lambda/telemetry.ts';
import type { ReachDeps } from '../../shared/use-cases/approval/reach-approvers.ts';
import { countStuck } from '../../shared/use-cases/sweep/count-stuck.ts';
import { type SweepDeps, sweepWork, throwFailed } from '../../shared/use-cases/sweep/sweep-work.ts';

export const handler = lambda({
  input: z.unknown(),
  deps: () => ({
    table: table(),
    clock,
    limits: limits(),
    reconcileQueue: reconcileQueue(),
    wakeQueue: wakeQueue(),
    findingHints: findingHints(),
    hintQueue: hintQueue(),
    workflows: workflows(),
    publisher: eventPublisher(),
    notifier: { ...notifier(), ...approverNotifier() },
    onPublished: countPublished,
  }),
  run: async (deps: SweepDeps & ReachDeps) => {
    const { done, failed } = await sweepWork(deps);
    for (const { part, error } of failed) log.error('sweep-part-failed', error, { part });
    countMetric('SweepPartsFailed', failed.length);
    countMetric('StuckBakes', await countStuck(deps));
    await countForeignSubscriptions(deps);
    log.info('sweep-done', { done });
    // Everything else has been done; what threw is for the alarm.
    throwFailed(failed);
    return done;
  },
});

/** Whoever may subscribe in the account could have an approver's links sent to themselves; an alarm tells of it before a bake waits. */
async function countForeignSubscriptions({ notifier }: ReachDeps): Promise<void> {
  try {
    const { foreign } = await notifier.readSubscriptions();
    for (const { arn, endpoint } of foreign)
      log.error('foreign-subscription', `${endpoint} would get the links of approvers.`, { arn, endpoint });
    // A metric that is sent every minute is paid all month; its alarm takes silence for none.
    if (foreign.length > 0) countMetric('ForeignSubscriptions', foreign.length);
  } catch (error) {
    // The next minute counts again; what the sweep did stands.
    log.error('sweep-part-failed', error, { part: 'subscriptions' });
  }
}
