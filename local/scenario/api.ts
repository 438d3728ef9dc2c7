import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import {
  ApprovalSchema,
  BakeDetailsSchema,
  BakeSchema,
  ChangeSchema,
  OwnerSchema,
  PipelineSchema,
  ReleaseSchema,
} from '../../shared/domain/api/shapes.ts';
import type { ClientConfig } from './read-location.ts';

/** Client of the API, signed as an IAM caller. */

export type {
  Approval as ApiApproval,
  Bake as ApiBake,
  BakeDetails as ApiBakeDetail,
  Change as ApiChange,
  Pipeline as ApiPipeline,
  Release as ApiRelease,
} from '../../shared/domain/api/shapes.ts';

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

const NamedSchema = z.object({ team: z.string().catch('default'), name: z.string().catch('unnamed') });

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

  async request(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> {
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

  /** Applies a definition at the path that its team and name say, whatever else is wrong with it. */
  async apply(definition: unknown): Promise<unknown> {
    const { team, name } = NamedSchema.parse(definition);
    return await this.request('PUT', `/teams/${team}/pipelines/${encodeURIComponent(name)}`, definition);
  }

  async requestBake(name: string, force: boolean): Promise<unknown> {
    return await this.request('POST', `${await this.findPath(name)}/bakes`, { force });
  }

  async showPipeline(name: string): Promise<z.output<typeof PipelineSchema>> {
    return PipelineSchema.parse(await this.request('GET', await this.findPath(name)));
  }

  private async findPath(name: string): Promise<string> {
    const { team } = OwnerSchema.parse(await this.request('GET', `/teams?pipeline=${name}`));
    return `/teams/${team}/pipelines/${name}`;
  }

  pipelines = () => this.all('/pipelines', PipelineSchema);
  bakes = () => this.all('/bakes', BakeSchema);
  releases = () => this.all('/releases', ReleaseSchema);
  changes = () => this.all('/changes', ChangeSchema);
  approvals = () => this.all('/approvals', ApprovalSchema);
  bake = async (id: string) => BakeDetailsSchema.parse(await this.request('GET', `/bakes/${id}`));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
