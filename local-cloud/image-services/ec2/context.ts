import type { Call, Operation, Shape, World } from '../service.ts';
import { invalidValue, tokenMismatch } from './errors.ts';
import type { SnapshotRecord, StoredImage } from './records.ts';
import type { Ec2Store, Location, RegionState } from './store.ts';

/** Dependencies of the operations of EC2. */
export interface Context {
  readonly world: World;
  readonly store: Ec2Store;
}

export type Operations = Record<string, Operation>;

/**
 * An operation with the SDK's own types. The wire has checked the input against the same model, and checks the output when it writes
 * it, so that both casts state what holds.
 */
export function operation<In extends object, Out extends object>(
  run: (input: In, call: Call) => Out | Promise<Out>,
): Operation {
  return async (input, call) => (await run(input as In, call)) as Shape;
}

/** A request in the SDK's type, for code that has it from the wire. */
export function toRequest<In extends object>(input: Shape): In {
  return input as In;
}

export function requireAllowed<T extends string>(value: string, allowed: readonly T[], name: string): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw invalidValue(value, name, `It must be one of ${allowed.join(', ')}.`);
  return found;
}

/** Own, public or shared with the account; only the owner sees a disabled image (docs/aws/ec2-images.md#end-of-life). */
export function canSeeImage(image: StoredImage, account: string): boolean {
  if (image.ownerId === account) return true;
  return image.state === 'available' && (image.public || image.sharedWith.has(account));
}

export function canSeeSnapshot(snapshot: SnapshotRecord, account: string): boolean {
  return snapshot.ownerId === account || snapshot.public || snapshot.sharedWith.has(account);
}

/** Runs once per client token: the same parameters give the first outcome again, other ones are refused. */
export async function once<T>(
  home: RegionState,
  operationName: string,
  token: string | undefined,
  parameters: object,
  run: () => Promise<T> | T,
): Promise<T> {
  if (token === undefined || token === '') return run();
  const key = `${operationName}/${token}`;
  const given = JSON.stringify({ ...parameters, ClientToken: undefined });
  const known = home.tokens.get(key);
  if (known !== undefined) {
    if (known.parameters !== given) throw tokenMismatch(token);
    return (await known.outcome) as T;
  }
  // Kept before it is awaited, so that a second request at the same time waits for the first.
  const outcome = (async () => run())();
  home.tokens.set(key, { parameters: given, outcome });
  try {
    return await outcome;
  } catch (error) {
    home.tokens.delete(key);
    throw error;
  }
}

export const imageArn = (region: string, id: string): string => `arn:aws:ec2:${region}::image/${id}`;
export const snapshotArn = (region: string, id: string): string => `arn:aws:ec2:${region}::snapshot/${id}`;
export const ownedArn = ({ account, region }: Location, type: string, id: string): string =>
  `arn:aws:ec2:${region}:${account}:${type}/${id}`;
