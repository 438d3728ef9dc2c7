import { beforeEach, describe, expect, it } from '@jest/globals';
import { type ApiActions, createApi } from '../../../functions/serve-api/app.ts';
import { cronerCalendar } from '../../../shared/adapters/croner-calendar.ts';
import { OPERATIONS } from '../../../shared/domain/api/operations.ts';
import { ProblemSchema } from '../../../shared/domain/api/shapes.ts';
import { approvalId } from '../../../shared/domain/approval/approval-id.ts';
import {
  BakeNotCancellable,
  InvalidDefinition,
  NothingToConfirm,
} from '../../../shared/domain/base/errors.ts';
import { keys, lists } from '../../../shared/domain/base/naming.ts';
import { applyDefinition } from '../../../shared/use-cases/definitions/apply-definition.ts';
import { type ApprovalWorld, approvalWorld, BAKE, CAUSE } from '../../support/approval-world.ts';
import { buildSuites, definitionWith } from '../../support/odd-definitions.ts';
import { reconcileWorld } from '../../support/reconcile-world.ts';

const DAN = 'arn:aws:iam::111122223333:user/dan';
const OPERATOR = 'arn:aws:sts::111122223333:assumed-role/Operator/cy@example.com';
const HARDENED = '/teams/security/pipelines/hardened';
let world: ApprovalWorld;
let asked: unknown[];
let unexpected: unknown[];
let verbs: ApiActions;

beforeEach(async () => {
  world = approvalWorld({
    requestedBy: OPERATOR,
    approvers: [
      { email: 'cy@example.com', principals: ['arn:aws:iam::111122223333:role/Operator'] },
      { email: 'dan@example.com', principals: [DAN] },
    ],
  });
  world.notifier.confirmed = ['dan@example.com'];
  await world.fill();
  asked = [];
  unexpected = [];
  verbs = {
    async apply(request) {
      asked.push(request);
      return { pipeline: 'hardened', revision: 2, outcome: 'changed', notes: [] };
    },
    async requestBake(request) {
      asked.push(request);
      return { pipeline: request.pipeline, outcome: 'started', bake: BAKE, reasons: [] };
    },
    async deletePipeline({ pipeline }) {
      return { pipeline, revision: 3 };
    },
    async enablePipeline({ pipeline }) {
      return { pipeline, outcome: 'changed', plan: 'started', bake: BAKE, reasons: [] };
    },
    async disablePipeline(request) {
      asked.push(request);
      const { pipeline, by, reason } = request;
      return {
        pipeline,
        outcome: 'changed',
        disabled: { by, reason, at: world.clock.now().toISOString() },
      };
    },
    async confirmWave() {
      throw new NothingToConfirm('It waits for no confirmation.', { change: CAUSE });
    },
    async cancelBake({ bake }) {
      return { bake, attempt: 1, state: 'gating' };
    },
    async retryBake({ bake, force }) {
      asked.push({ bake, force });
      return { bake, attempt: 2, state: 'queued' };
    },
  };
  const at = world.clock.now().toISOString();
  const spec = {
    channel: 'stable',
    team: 'security',
    base: { kind: 'pipeline', pipeline: 'al2023-base', channel: 'stable' },
    components: [],
    definitionDigest: 'r',
    proof: 'p',
    mode: 'immediate',
    debounceSeconds: 1,
    maxHoldSeconds: 1,
    maxFailures: 5,
  };
  const pipeline = {
    name: 'hardened',
    revision: 1,
    digest: 'd',
    enabled: true,
    parents: ['al2023-base'],
    spec,
  };
  await world.table.write([
    {
      put: {
        ...keys.pipeline('hardened'),
        ...pipeline,
        createdAt: at,
        updatedAt: at,
        listPk: lists.pipelines,
        listSk: 'hardened',
      },
    },
    { update: keys.bake(BAKE), set: { listPk: lists.bakes, listSk: BAKE } },
    { update: keys.change(CAUSE), set: { listPk: lists.changes, listSk: CAUSE } },
    { put: { ...keys.pipelineBake('hardened', BAKE), bake: BAKE } },
    { put: { ...keys.teamPipeline('security', 'hardened') } },
  ]);
});

async function call(method: string, path: string, body?: unknown, caller: string | undefined = OPERATOR) {
  const deps = {
    ...world,
    calendar: cronerCalendar,
    actions: verbs,
    onError: (error: unknown) => unexpected.push(error),
  };
  const answer = await createApi(deps).request(
    path,
    {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    },
    { caller, requestId: 'request-1' },
  );
  return { status: answer.status, type: answer.headers.get('content-type'), json: await answer.json() };
}
async function problem(method: string, path: string, body?: unknown) {
  const answer = await call(method, path, body);
  expect(answer.type).toBe('application/problem+json');
  return ProblemSchema.parse(answer.json);
}

describe('reading', () => {
  it.each(['/pipelines', '/teams/security/pipelines'])(
    'lists pipelines at %s with their team, channel and parents',
    async (path) => {
      const { status, json } = await call('GET', path);

      expect(status).toBe(200);
      expect(json).toEqual({
        items: [
          expect.objectContaining({
            name: 'hardened',
            team: 'security',
            channel: 'stable',
            parents: ['al2023-base'],
          }),
        ],
      });
    },
  );

  it('lists no pipeline of another team under a team', async () => {
    expect((await call('GET', '/teams/web/pipelines')).json).toEqual({ items: [] });
  });

  it('finds the team of a pipeline, of a deleted pipeline too', async () => {
    const found = await call('GET', '/teams?pipeline=hardened');
    await world.table.write([{ delete: keys.pipeline('hardened') }]);
    const deleted = await call('GET', '/teams?pipeline=hardened');

    expect(found.json).toEqual({ pipeline: 'hardened', team: 'security' });
    expect(deleted.json).toEqual(found.json);
    expect(await problem('GET', '/teams?pipeline=unknown')).toMatchObject({ code: 'pipeline-not-found' });
  });

  it('shows a pipeline with its definition, selectors and newest bakes', async () => {
    const { json } = await call('GET', HARDENED);

    expect(json).toMatchObject({
      definition: { name: 'hardened' },
      selectors: [{ key: 'pipeline:al2023-base/stable' }, {}],
      bakes: [{ id: BAKE }],
    });
  });

  it('shows a bake with attempts, steps, images, tests and the changes that led to it', async () => {
    await world.request();

    const { status, json } = await call('GET', `/bakes/${BAKE}`);

    expect(status).toBe(200);
    expect(json).toMatchObject({
      state: 'awaiting-approval',
      attempts: [{ attempt: 1 }],
      steps: [{ name: 'Gate' }, { attempt: 1, name: 'Approve', state: 'running' }],
      images: [{ artifact: { imageId: 'ami-0bbbbbbbbbbbbbbbb' } }],
      tests: [{ results: [{ suite: 'boots', status: 'passed' }] }],
      gates: [{ attempt: 1, name: 'tests', outcome: 'passed', reasons: ['all tests have passed'] }],
      changeDetails: [{ id: CAUSE }],
      approval: { state: 'open' },
    });
    expect(JSON.stringify(json)).not.toContain('notified');
  });

  it.each(['/bakes', `${HARDENED}/bakes`])('lists bakes at %s', async (path) => {
    expect((await call('GET', path)).json).toMatchObject({ items: [{ id: BAKE, pipeline: 'hardened' }] });
  });

  it('pages with a cursor until nothing is left', async () => {
    await world.table.write(
      [1, 2, 3, 4].map((number) => ({
        put: {
          ...keys.change(`C${number}`),
          id: `C${number}`,
          selector: 's',
          to: 'v',
          at: world.clock.now().toISOString(),
          cause: `C${number}`,
          fanOut: 'done',
          listPk: lists.changes,
          listSk: `C${number}`,
        },
      })),
    );

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({ limit: '2', ...(cursor === undefined ? {} : { cursor }) });
      const { json } = await call('GET', `/changes?${query}`);
      const page = OPERATIONS.listChanges.answer.parse(json);
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((change) => change.id));
      cursor = page.cursor;
    } while (cursor !== undefined);

    expect(seen).toEqual(['C4', 'C3', 'C2', 'C1', CAUSE]);
  });

  it('lists the approvals that are open', async () => {
    await world.request();

    expect((await call('GET', '/approvals?state=open')).json).toMatchObject({ items: [{ bake: BAKE }] });
    expect((await call('GET', '/approvals?state=expired')).json).toMatchObject({ items: [] });
  });
});

describe('acting', () => {
  it('applies a definition as the caller', async () => {
    const { status } = await call('PUT', HARDENED, { name: 'hardened' });

    expect(status).toBe(200);
    const path = { team: 'security', name: 'hardened' };
    expect(asked).toEqual([{ definition: { name: 'hardened' }, by: OPERATOR, path }]);
  });

  it('asks for a bake, forced only when told so', async () => {
    await call('POST', `${HARDENED}/bakes`);
    await call('POST', `${HARDENED}/bakes`, { force: true });

    expect(asked).toEqual([
      { pipeline: 'hardened', force: false, by: OPERATOR },
      { pipeline: 'hardened', force: true, by: OPERATOR },
    ]);
  });

  it('enables, disables and deletes as the caller', async () => {
    const disabled = await call('POST', `${HARDENED}/disable`, { reason: 'Broken upstream.' });
    const enabled = await call('POST', `${HARDENED}/enable`);
    const deleted = await call('DELETE', HARDENED);

    expect(asked).toEqual([{ pipeline: 'hardened', reason: 'Broken upstream.', by: OPERATOR }]);
    expect([disabled.status, enabled.status, deleted.status]).toEqual([200, 200, 200]);
    expect(enabled.json).toMatchObject({ plan: 'started', bake: BAKE });
  });

  it('decides as the calling identity, once', async () => {
    await world.request();
    const path = `/approvals/${approvalId(world.digest, { bake: BAKE, attempt: 1 })}/decision`;

    const own = await problem('POST', path, { decision: 'approve' });
    const stranger = await call('POST', path, { decision: 'approve' }, 'arn:aws:iam::111122223333:root');
    const first = await call('POST', path, { decision: 'approve' }, DAN);
    const again = await call('POST', path, { decision: 'approve' }, DAN);
    const opposite = await problem('POST', path, { decision: 'reject', comment: 'no' });

    expect(own).toMatchObject({ status: 403, code: 'self-approval' });
    expect(stranger).toMatchObject({ status: 403, json: { code: 'not-an-approver' } });
    expect(first).toMatchObject({
      status: 200,
      json: { state: 'approved', decision: { by: DAN, via: 'api' } },
    });
    expect(again.json).toEqual(first.json);
    expect(opposite).toMatchObject({ status: 409, code: 'decision-conflict' });
  });
});

describe('a pipeline under the path of another team', () => {
  it.each([
    ['GET', ''],
    ['GET', '/explain'],
    ['GET', '/bakes'],
    ['GET', '/releases'],
    ['POST', '/bakes'],
    ['POST', '/enable'],
    ['POST', '/disable'],
    ['DELETE', ''],
  ])('is not there for %s %s, and its team is not told', async (method, below) => {
    const answer = await problem(method, `/teams/web/pipelines/hardened${below}`);

    expect(answer).toMatchObject({
      status: 404,
      code: 'pipeline-not-found',
      detail:
        'The team "web" has no pipeline named "hardened". List its pipelines with: ovenbird status --team web',
    });
    expect(JSON.stringify(answer)).not.toContain('security');
    expect(asked).toEqual([]);
  });

  it('covers every operation on one pipeline, so that IAM policies can tell teams apart', () => {
    const named = Object.values(OPERATIONS).filter(({ path }) => /pipeline/.test(path));

    expect(
      named.map(({ path }) => path).filter((path) => !path.startsWith('/teams/{team}/pipelines')),
    ).toEqual(['/pipelines']);
  });

  it('keeps the bakes of a deleted pipeline for its team', async () => {
    await world.table.write([{ delete: keys.pipeline('hardened') }]);

    expect((await call('GET', `${HARDENED}/bakes`)).json).toMatchObject({ items: [{ id: BAKE }] });
    expect(await problem('GET', '/teams/web/pipelines/hardened/bakes')).toMatchObject({ status: 404 });
    expect(await problem('GET', HARDENED)).toMatchObject({ status: 404 });
  });
});

describe('problems', () => {
  it.each([
    ['GET', '/teams/security/pipelines/unknown', 404, 'pipeline-not-found'],
    ['GET', '/teams/Security/pipelines/hardened', 400, 'invalid-request'],
    ['GET', '/pipelines/hardened', 404, 'no-such-operation'],
    ['POST', '/pipelines', 405, 'method-not-allowed'],
    ['GET', '/plan', 405, 'method-not-allowed'],
    ['GET', '/bakes/nothing', 404, 'bake-not-found'],
    ['GET', '/bakes?limit=1000', 400, 'invalid-request'],
    ['GET', '/nothing', 404, 'no-such-operation'],
    ['DELETE', '/bakes/nothing', 405, 'method-not-allowed'],
    ['PATCH', '/approvals', 405, 'method-not-allowed'],
    ['POST', `/changes/${CAUSE}/confirm`, 409, 'nothing-to-confirm'],
    ['GET', '/changes?unconfirmed=perhaps', 400, 'invalid-request'],
  ])('%s %s is answered with %i %s', async (method, path, status, code) => {
    expect(await problem(method, path)).toMatchObject({ status, code, type: `urn:ovenbird:problem:${code}` });
  });

  it('names each field that is wrong in what was sent', async () => {
    expect(await problem('POST', `${HARDENED}/bakes`, { force: 'yes', why: 1 })).toMatchObject({
      status: 400,
      code: 'invalid-request',
      problems: [{ field: 'body.force' }, {}],
    });
    expect(await problem('POST', `${HARDENED}/bakes`, '{')).toMatchObject({
      code: 'invalid-request',
    });
  });

  it('hands on what use cases refuse, with its facts', async () => {
    verbs.apply = async () => {
      throw new InvalidDefinition([{ field: 'base', message: 'names nothing', fix: 'name a pipeline' }]);
    };
    verbs.cancelBake = async () => {
      throw new BakeNotCancellable('It is released already.', { state: 'released' });
    };

    expect(await problem('PUT', HARDENED, {})).toMatchObject({
      status: 422,
      problems: [{ field: 'base', fix: 'name a pipeline' }],
    });
    expect(await problem('POST', `/bakes/${BAKE}/cancel`)).toMatchObject({ status: 409, state: 'released' });
  });

  it('refuses a definition that is too large to be stored, with the field and a fix', async () => {
    const { ports } = reconcileWorld();
    verbs.apply = (request) => applyDefinition(ports, request);

    expect(
      await problem('PUT', '/teams/default/pipelines/odd', definitionWith('tests.suites', buildSuites(900))),
    ).toMatchObject({
      status: 422,
      code: 'invalid-definition',
      problems: [{ field: 'tests.suites', fix: expect.stringContaining('Shorten the scripts') }],
    });
    expect(unexpected).toEqual([]);
  });

  it('retries a bake in a freeze window only where that is forced', async () => {
    for (const body of [undefined, { force: true }])
      expect(await call('POST', `/bakes/${BAKE}/retry`, body)).toMatchObject({ status: 202 });

    expect(asked).toEqual([
      { bake: BAKE, force: false },
      { bake: BAKE, force: true },
    ]);
  });

  it('reveals nothing of an unexpected error, and logs it', async () => {
    verbs.retryBake = async () => {
      throw new Error('secret detail');
    };

    const answer = await problem('POST', `/bakes/${BAKE}/retry`);

    expect(answer).toMatchObject({ status: 500, code: 'internal-error', requestId: 'request-1' });
    expect(JSON.stringify(answer)).not.toContain('secret detail');
    expect(unexpected).toHaveLength(1);
  });

  it('serves no request on a route that lost its authorisation', async () => {
    const deps = { ...world, calendar: cronerCalendar, actions: verbs, onError: () => undefined };
    const answer = await createApi(deps).request('/pipelines', {}, { caller: undefined, requestId: '' });

    expect(answer.status).toBe(500);
  });
});
