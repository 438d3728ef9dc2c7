import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import type { ClientConfig } from './read-back.ts';

/** The control plane's API as a scenario uses it: signed like any IAM caller, reading only what the report and the conditions need. */

const Decision = z.object({
  kind: z.string(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
});
const PipelineSchema = z.object({
  name: z.string(),
  enabled: z.boolean(),
  parents: z.array(z.string()),
  activeBake: z.string().optional(),
  dirty: z.boolean(),
  decision: Decision.optional(),
});
export type ApiPipeline = z.infer<typeof PipelineSchema>;

const BakeSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  attempt: z.number(),
  state: z.string(),
  bits: z.string(),
  proof: z.string(),
  causes: z.array(z.string()),
  changes: z.array(z.string()),
  reason: z.string(),
  createdAt: z.string(),
  endedAt: z.string().optional(),
});
export type ApiBake = z.infer<typeof BakeSchema>;

const StepSchema = z.object({
  attempt: z.number(),
  name: z.string(),
  state: z.string(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  summary: z.string().optional(),
});
const AttemptSchema = z.object({
  attempt: z.number(),
  state: z.string(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  failure: z.object({ step: z.string(), name: z.string(), reason: z.string() }).optional(),
});
const TargetSchema = z.object({ account: z.string(), region: z.string(), copyAttempts: z.number() });
const BakeDetailSchema = BakeSchema.extend({
  steps: z.array(StepSchema),
  attempts: z.array(AttemptSchema),
  targets: z.array(TargetSchema),
});
export type ApiBakeDetail = z.infer<typeof BakeDetailSchema>;

const ReleaseSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  channel: z.string(),
  bake: z.string(),
  at: z.string(),
  images: z.record(z.string(), z.string()),
  targets: z.array(
    z.object({
      account: z.string(),
      region: z.string(),
      variant: z.string(),
      imageId: z.string(),
      parameter: z.string().optional(),
      launchTemplate: z.string().optional(),
    }),
  ),
});
export type ApiRelease = z.infer<typeof ReleaseSchema>;

const ChangeSchema = z.object({
  id: z.string(),
  selector: z.string(),
  from: z.string().optional(),
  to: z.string(),
  at: z.string(),
  cause: z.string(),
});
export type ApiChange = z.infer<typeof ChangeSchema>;

const ApprovalSchema = z.object({
  id: z.string(),
  bake: z.string(),
  attempt: z.number(),
  pipeline: z.string(),
  state: z.string(),
  requestedAt: z.string(),
  decision: z.object({ by: z.string(), at: z.string(), comment: z.string(), via: z.string() }).optional(),
});
export type ApiApproval = z.infer<typeof ApprovalSchema>;

export class ApiRefused extends Error {
  override readonly name = 'ApiRefused';
  readonly status: number;
  readonly body: unknown;
  constructor(method: string, path: string, status: number, body: unknown) {
    super(`${method} ${path} answered ${status}: ${JSON.stringify(body).slice(0, 400)}`);
    this.status = status;
    this.body = body;
  }
}

export class Api {
  readonly url: string;
  private readonly signer: SignatureV4;

  constructor(url: string, config: ClientConfig) {
    this.url = url.replace(/\/$/, '');
    this.signer = new SignatureV4({
      service: 'execute-api',
      region: config.region,
      credentials: config.credentials,
      sha256: Sha256,
    });
  }

  async request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const url = new URL(`${this.url}${path}`);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signed = await this.signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: Number(url.port),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(text === undefined ? {} : { body: text }),
    });
    const response = await fetch(url, {
      method,
      headers: signed.headers,
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    const parsed: unknown = answer === '' ? undefined : parseJson(answer);
    if (!response.ok) throw new ApiRefused(method, path, response.status, parsed);
    return parsed;
  }

  private async all<T>(path: string, item: z.ZodType<T>): Promise<T[]> {
    const page = z.object({ items: z.array(item), cursor: z.string().optional() });
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '?limit=100' : `?limit=100&cursor=${encodeURIComponent(cursor)}`;
      const answer = page.parse(await this.request('GET', `${path}${query}`));
      items.push(...answer.items);
      cursor = answer.cursor;
    } while (cursor !== undefined);
    return items;
  }

  pipelines = (): Promise<ApiPipeline[]> => this.all('/pipelines', PipelineSchema);
  bakes = (): Promise<ApiBake[]> => this.all('/bakes', BakeSchema);
  releases = (): Promise<ApiRelease[]> => this.all('/releases', ReleaseSchema);
  changes = (): Promise<ApiChange[]> => this.all('/changes', ChangeSchema);
  approvals = (): Promise<ApiApproval[]> => this.all('/approvals', ApprovalSchema);
  bake = async (id: string): Promise<ApiBakeDetail> =>
    BakeDetailSchema.parse(await this.request('GET', `/bakes/${id}`));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
