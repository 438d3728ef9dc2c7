import { BakeRefSchema } from '../../shared/domain/bakes/payloads.ts';
import { clock, digest, ids } from '../../shared/lambda/deps/basics.ts';
import { documents } from '../../shared/lambda/deps/documents.ts';
import { mac } from '../../shared/lambda/deps/mac.ts';
import { approverNotifier } from '../../shared/lambda/deps/notifier.ts';
import { table } from '../../shared/lambda/deps/table.ts';
import { env } from '../../shared/lambda/env.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { log } from '../../shared/lambda/telemetry.ts';
import { requestApproval } from '../../shared/use-cases/approval/request-approval.ts';

export const handler = lambda({
  input: BakeRefSchema,
  deps: () => ({
    table: table(),
    documents: documents(),
    notifier: approverNotifier(),
    mac: mac(),
    clock,
    ids: ids(),
    digest,
    apiUrl: env('API_URL').API_URL,
  }),
  run: async (deps, ref) => {
    const answer = await requestApproval(deps, ref);
    log.info('approval-requested', { ...ref, approval: answer.approval, waiting: answer.waiting });
    return answer;
  },
});
