import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { ImageServices } from '../image-services/index.ts';
import { type Faults, faultSchema } from './faults.ts';
import { readBody, sendJson, splitUrl } from './http.ts';
import { eventFaultSchema, type Launcher } from './launcher-client.ts';
import type { Recorder } from './recorder.ts';

export interface ControlOptions {
  recorder: Recorder;
  faults: Faults;
  launcher: Launcher;
  images: ImageServices;
  /** The answer of `GET /_local/health`. */
  describe(): Record<string, unknown>;
}

class ControlError extends Error {
  override name = 'ControlError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const locationSchema = z.strictObject({ account: z.string(), region: z.string() });
const clockSchema = z.strictObject({ speed: z.number().positive() });

/** The control API under `/_local/`: JSON over HTTP, for scenarios and tests. */
export function createControl(parts: ControlOptions) {
  const { recorder, faults, launcher, images } = parts;

  async function answer(
    method: string,
    path: string,
    query: URLSearchParams,
    body: unknown,
  ): Promise<unknown> {
    const [first = '', second, ...rest] = path.replace('/_local/', '').split('/');
    if (rest.length > 0) throw new ControlError(404, `There is no ${path}.`);
    switch (`${method} ${first}`) {
      case 'GET health':
        return parts.describe();
      case 'GET calls':
        return { calls: recorder.after(z.coerce.number().parse(query.get('after') ?? 0)) };
      case 'GET mails':
        return { mails: await launcher.mails(z.coerce.number().parse(query.get('after') ?? 0)) };
      case 'POST faults':
        return { id: faults.add(faultSchema.parse(body)) };
      case 'DELETE faults':
        faults.remove(second);
        return {};
      case 'POST event-faults':
        return { id: await launcher.addEventFault(eventFaultSchema.parse(body)) };
      case 'DELETE event-faults':
        await launcher.removeEventFaults(second);
        return {};
      case 'POST clock':
        images.world.clock.setSpeed(clockSchema.parse(body).speed);
        return {};
      case 'POST warm': {
        const { account, region } = locationSchema.parse(body);
        await launcher.warmFunctions(account, region);
        return {};
      }
      case 'POST image-services':
        return runControlAction(second ?? '', body);
      default:
        throw new ControlError(404, `The control API has no ${method} ${path}.`);
    }
  }

  async function runControlAction(name: string, body: unknown): Promise<unknown> {
    const action = Object.hasOwn(images.controlActions, name) ? images.controlActions[name] : undefined;
    if (!action) {
      const known = Object.keys(images.controlActions).join(', ');
      throw new ControlError(404, `The image services have no control action "${name}"; they have ${known}.`);
    }
    return (await action.run(body)) ?? {};
  }

  return async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = splitUrl(incoming.url ?? '/');
    try {
      const text = (await readBody(incoming)).toString();
      const body: unknown = text === '' ? {} : JSON.parse(text);
      sendJson(response, 200, await answer(incoming.method ?? 'GET', path, query, body));
    } catch (error) {
      sendJson(response, toStatus(error), { message: toMessage(error) });
    }
  };
}

function toStatus(error: unknown): number {
  if (error instanceof ControlError) return error.status;
  return error instanceof z.ZodError || error instanceof SyntaxError ? 400 : 500;
}

function toMessage(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
