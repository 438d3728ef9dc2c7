/**
 * Records the packages that a test instance found in its image: page by page, then the inventory of all pages. An image whose packages cannot be
 * read is no worse for it: its row says why, and the gates judge that.
 */
import type * as z from 'zod';
import { findArtifactId } from '../../domain/artifacts/artifacts.ts';
import type { CollectInventoryInputSchema, InventoryProgressSchema } from '../../domain/bakes/payloads.ts';
import { readErrorMessage } from '../../domain/bakes/problems.ts';
import { canonical } from '../../domain/base/canonical.ts';
import { TryLater } from '../../domain/base/errors.ts';
import { keys } from '../../domain/base/naming.ts';
import {
  evidenceKeys,
  type Inventory,
  packagesDigest,
  sortPackages,
} from '../../domain/packages/inventory.ts';
import {
  findNextRun,
  type InventoryPage,
  type InventoryRun,
  parseInventoryPage,
  parseRunName,
  toRunName,
} from '../../domain/packages/inventory-pages.ts';
import { type ParsedInventory, parseInventory } from '../../domain/packages/parse-inventory.ts';
import { ArtifactRecordSchema } from '../../domain/records/bakes.ts';
import type { Commands } from '../../ports/commands.ts';
import type { Ports } from '../../ports/ports.ts';
import { tryWrite } from '../store/try-write.ts';

export interface CollectInventoryDeps extends Pick<Ports, 'table' | 'documents' | 'digest'> {
  readonly commands: Pick<Commands, 'status'>;
}
type Input = z.output<typeof CollectInventoryInputSchema>;

const REASON_LENGTH = 500;
const LAST = { suite: '' };

export async function collectInventory(
  deps: CollectInventoryDeps,
  input: Input,
): Promise<z.infer<typeof InventoryProgressSchema>> {
  const run = parseRunName(input.suite);
  if (run === undefined) throw new Error(`${input.suite} is no run that reads packages.`);
  const { command, problem } = input;
  if (command === undefined)
    return recordProblem(deps, input, readErrorMessage(problem ?? 'it was not read'));

  const answer = await deps.commands.status(command, input.instance);
  if (answer.state === 'running') throw new TryLater(`Command ${command} has not ended yet.`);
  const page = answer.status === 'passed' ? parseInventoryPage(answer.stdout) : undefined;
  if (page === undefined) return recordProblem(deps, input, describeFailure(answer));
  await deps.documents.put(evidenceKeys.output(input), answer.stdout, 'text/plain');

  const first = run.page === 1 ? page : await readPage(deps, input, { ...run, page: 1 });
  const next = findNextRun(run, page, first);
  if ('problem' in next) return recordProblem(deps, input, next.problem);
  if ('run' in next) return { suite: toRunName(next.run) };
  return recordInventory(deps, input, parseInventory(await readText(deps, input, run)));
}

function describeFailure({
  status,
  exitCode,
  stderr,
}: Extract<Awaited<ReturnType<Commands['status']>>, { state: 'ended' }>): string {
  if (status === 'timed-out') return 'the command that reads its packages ran out of time';
  if (status === 'passed') return 'the command that reads its packages was answered with something else';
  const code = exitCode === undefined ? '' : ` with exit code ${exitCode}`;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return `the command that reads its packages failed${code}${said === '' ? '' : `: ${said}`}`;
}

/** All pages of a round; each was stored before the next was asked for. */
async function readText(
  deps: CollectInventoryDeps,
  input: Input,
  { round, page }: InventoryRun,
): Promise<string> {
  const texts: string[] = [];
  for (let at = 1; at <= page; at += 1) texts.push((await readPage(deps, input, { round, page: at })).text);
  return texts.join('');
}

async function readPage(deps: CollectInventoryDeps, input: Input, run: InventoryRun): Promise<InventoryPage> {
  const key = evidenceKeys.output({ ...input, suite: toRunName(run) });
  const page = parseInventoryPage((await deps.documents.get(key)) ?? '');
  if (page === undefined) throw new Error(`${key} is no page of an inventory.`);
  return page;
}

async function recordInventory(
  deps: CollectInventoryDeps,
  input: Input,
  parsed: ParsedInventory,
): Promise<typeof LAST> {
  if ('problem' in parsed) return recordProblem(deps, input, parsed.problem);
  const image = ArtifactRecordSchema.parse(await deps.table.get(keys.artifact(input.bake, input.variant)));
  const packages = sortPackages(parsed.found.packages);
  const inventory: Inventory = {
    ...parsed.found,
    image: image.artifact === undefined ? '' : findArtifactId(image.artifact),
    packages,
  };
  const key = evidenceKeys.inventory(input.bake, input.attempt, input.variant);
  await deps.documents.put(key, canonical(inventory), 'application/json');
  const inventoryDigest = packagesDigest(deps.digest, packages);
  await deps.table.write([
    {
      update: keys.artifact(input.bake, input.variant),
      set: { inventory: key, inventoryDigest },
      remove: ['inventoryProblem'],
      when: { equals: { attempt: input.attempt } },
    },
  ]);
  return LAST;
}

/** A newer attempt has a row of its own. */
async function recordProblem(
  deps: CollectInventoryDeps,
  input: Input,
  problem: string,
): Promise<typeof LAST> {
  await tryWrite(deps.table, [
    {
      update: keys.artifact(input.bake, input.variant),
      set: { inventoryProblem: problem.slice(0, REASON_LENGTH) },
      when: { equals: { attempt: input.attempt } },
    },
  ]);
  return LAST;
}
