import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../../local-cloud/client.ts';
import { createProbeContext } from './probes/context.ts';
import { probes, timed } from './probes.ts';

const names = Object.keys(probes);
const folder = join(import.meta.dirname, '../../../local-cloud/ministack/corrections');

let clouds: LocalCloud[] = [];
let corrected: Record<string, boolean | string>;
let uncorrected: Record<string, boolean | string>;

beforeAll(async () => {
  clouds = await Promise.all([
    startLocalCloud({ stateFile: '.cache/test-corrected.json' }),
    startLocalCloud({ stateFile: '.cache/test-uncorrected.json', leaveOut: names }),
  ]);
  const [as, without] = await Promise.all(clouds.map(observe));
  corrected = as ?? {};
  uncorrected = without ?? {};
});

afterAll(async () => {
  await Promise.all(clouds.map((cloud) => cloud.stop()));
});

/** The result of each probe: true when the cloud behaved as AWS does, the error when the probe failed. */
async function observe(cloud: LocalCloud): Promise<Record<string, boolean | string>> {
  const context = await createProbeContext(cloud);
  const seen: Record<string, boolean | string> = {};
  const ask = async (name: string) => {
    seen[name] = (await probes[name]?.(context).catch((error: unknown) => String(error))) ?? 'no such probe';
  };
  await Promise.all(names.filter((name) => !timed.has(name)).map(ask));
  // Probes that measure time run alone, since the others would keep the processors busy.
  for (const name of names.filter((name) => timed.has(name))) await ask(name);
  return seen;
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
    expect(corrected[name]).toBe(true);
  });

  it.each(names)('%s: MiniStack by itself does not yet', (name) => {
    // When this fails, MiniStack has learned it: remove the correction.
    expect(uncorrected[name]).toBe(false);
  });

  it('stop the start when they do not fit, and say which one', async () => {
    const start = startLocalCloud({
      stateFile: '.cache/test-misspelt.json',
      leaveOut: ['no_such_correction'],
    });

    await expect(start).rejects.toThrow(/no correction named no_such_correction/);
  });
});
