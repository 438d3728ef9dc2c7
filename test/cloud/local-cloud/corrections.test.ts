import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../../local-cloud/client.ts';
import { createProbeContext } from './probes/context.ts';
import { probes, timed } from './probes.ts';

const names = Object.keys(probes);
const folder = join(import.meta.dirname, '../../../local-cloud/ministack/corrections');

let clouds: LocalCloud[] = [];
let corrected: Observation['seen'];
let uncorrected: Observation['seen'];

beforeAll(async () => {
  clouds = await Promise.all([
    startLocalCloud({ stateFile: '.cache/test-corrected.json' }),
    startLocalCloud({ stateFile: '.cache/test-uncorrected.json', leaveOut: names }),
  ]);
  const observed = await Promise.all(clouds.map(async (cloud) => await observeUntimed(cloud)));
  // Probes that measure time run alone, since the others would keep the processors busy.
  for (const { ask } of observed) for (const name of timed) await ask(name);
  [corrected = {}, uncorrected = {}] = observed.map(({ seen }) => seen);
});

afterAll(async () => {
  await Promise.all(clouds.map((cloud) => cloud.stop()));
});

interface Observation {
  /** The answer of each probe, the error when the probe failed. */
  readonly seen: Record<string, boolean | number | string>;
  readonly ask: (name: string) => Promise<void>;
}

async function observeUntimed(cloud: LocalCloud): Promise<Observation> {
  const context = await createProbeContext(cloud);
  const seen: Observation['seen'] = {};
  const ask = async (name: string) => {
    seen[name] = (await probes[name]?.(context).catch((error: unknown) => String(error))) ?? 'no such probe';
  };
  await Promise.all(names.filter((name) => !timed.has(name)).map(ask));
  return { seen, ask };
}

describe('corrections of MiniStack', () => {
  it('are each watched by a probe', () => {
    const registered = readdirSync(folder)
      .filter((file) => file.endsWith('.py'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .flatMap((text) =>
        [...text.matchAll(/^@correction\([\s\S]*?^\)\ndef (\w+)\(/gm)].map(([, name]) => name),
      );

    expect(registered.sort()).toEqual([...names].sort());
  });

  it.each(names)('%s: the local cloud does as AWS does', (name) => {
    const answer = corrected[name];

    if (typeof answer === 'number') expect(answer).toBeLessThan(0.7 * Number(uncorrected[name]));
    else expect(answer).toBe(true);
  });

  it.each(names)('%s: MiniStack by itself does not yet', (name) => {
    const answer = uncorrected[name];

    // When this fails, MiniStack has learned it: remove the correction.
    if (typeof answer === 'number') expect(answer).toBeGreaterThan(Number(corrected[name]) / 0.7);
    else expect(answer).toBe(false);
  });

  it('stop the start when they do not fit, and say which one', async () => {
    const start = startLocalCloud({
      stateFile: '.cache/test-misspelt.json',
      leaveOut: ['no_such_correction'],
    });

    await expect(start).rejects.toThrow(/no correction named no_such_correction/);
  });
});
