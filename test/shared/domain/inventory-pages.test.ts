import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  FIRST_RUN,
  findNextRun,
  MAX_PAGES,
  PAGE_BYTES,
  parseInventoryPage,
  parseRunName,
  toRunName,
  writeInventoryScript,
} from '../../../shared/domain/packages/inventory-pages.ts';
import { parseInventory } from '../../../shared/domain/packages/parse-inventory.ts';
import { printPage, toLines } from '../../support/print-inventory.ts';

/** Run Command keeps no more of an output (ssm GetCommandInvocationResult.StandardOutputContent). */
const KEPT = 24_000;

const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,40}$/);
const versions = fc.stringMatching(/^([1-9]:)?[0-9][A-Za-z0-9.+~]{0,20}-[0-9a-z.]{1,20}$/);
const packages = fc.uniqueArray(fc.record({ name: word, version: versions }), {
  selector: ({ name }) => name,
  maxLength: 1500,
});

function readAll(text: string): string {
  const first = parseInventoryPage(printPage(text));
  if (first === undefined) throw new Error('The first page is no page.');
  let read = '';
  let run = { round: 1, page: 1 };
  for (;;) {
    const page = parseInventoryPage(printPage(text, run.page));
    if (page === undefined) throw new Error(`Page ${run.page} is no page.`);
    read += page.text;
    const next = findNextRun(run, page, first);
    if ('problem' in next) throw new Error(next.problem);
    if (!('run' in next)) return read;
    run = next.run;
  }
}

describe('the pages of an inventory', () => {
  it('give the list again, whatever its length, and each fits into what Run Command keeps', () => {
    fc.assert(
      fc.property(packages, (installed) => {
        const text = toLines(installed);
        const pages = Math.ceil(text.length / PAGE_BYTES);
        for (let page = 1; page <= pages; page += 1) expect(printPage(text, page).length).toBeLessThan(KEPT);
        expect(readAll(text)).toBe(text);
        const parsed = parseInventory(text);
        if (installed.length > 0) expect(parsed).toMatchObject({ found: { packages: installed } });
        else expect(parsed).toHaveProperty('problem');
      }),
      { numRuns: 30 },
    );
  });

  it('hold 3,000 packages in few commands', () => {
    const many = Array.from({ length: 3000 }, (_, index) => ({
      name: `python3.11-some-package-${index}`,
      version: `1.2.${index}-1.amzn2023.0.${index % 9}`,
    }));

    const parsed = parseInventory(readAll(toLines(many)));

    expect('found' in parsed && parsed.found.packages).toHaveLength(3000);
    expect(parseInventoryPage(printPage(toLines(many)))?.pages).toBeLessThan(12);
  });

  it('are no pages when the output was cut, or is something else', () => {
    const printed = printPage(toLines([{ name: 'bash', version: '5.2-1' }]));

    expect(parseInventoryPage(printed.slice(0, -20))).toBeUndefined();
    expect(parseInventoryPage(printed.replace('bash', 'sh'))).toBeUndefined();
    expect(parseInventoryPage('fine')).toBeUndefined();
    expect(parseInventoryPage('')).toBeUndefined();
  });

  it('are read from the first again when the packages changed meanwhile, three times at most', () => {
    const text = 'x'.repeat(PAGE_BYTES + 1);
    const [before, after] = [parseInventoryPage(printPage(text)), parseInventoryPage(printPage(text, 2, 99))];
    if (before === undefined || after === undefined) throw new Error('They are pages.');

    expect(findNextRun({ round: 1, page: 2 }, after, before)).toEqual({ run: { round: 2, page: 1 } });
    expect(findNextRun({ round: 3, page: 2 }, after, before)).toEqual({
      problem: 'its packages changed each of the 3 times that they were read',
    });
  });

  it('end at a megabyte', () => {
    const page = parseInventoryPage(printPage('x'.repeat(PAGE_BYTES * MAX_PAGES + 1)));
    if (page === undefined) throw new Error('It is a page.');

    expect(findNextRun({ round: 1, page: 1 }, page, page)).toEqual({
      problem: 'the list of its packages is longer than 1000000 characters',
    });
  });

  it('have names that no suite and no test component can have', () => {
    expect(FIRST_RUN).toBe('inventory.1.1');
    expect(parseRunName(toRunName({ round: 2, page: 13 }))).toEqual({ round: 2, page: 13 });
    expect(parseRunName('inventory')).toBeUndefined();
    expect(parseRunName('component.inventory')).toBeUndefined();
  });
});

describe('what an image says', () => {
  it('is its system, its architecture, and its packages with their epochs', () => {
    const text = [
      'os\tNAME="Red Hat Enterprise Linux"',
      'os\tID="rhel"',
      'os\tVERSION_ID="9.4"',
      'os\tPRETTY_NAME="Red Hat \\"Enterprise\\" Linux 9.4"',
      'machine\taarch64',
      'rpm\tnginx\t1:1.28.0-1.el9\taarch64',
      'rpm\tbash\t0:5.1.8-9.el9\taarch64',
      'rpm\tgpg-pubkey\t5a6340b3-6229229e\t(none)',
    ].join('\n');

    expect(parseInventory(text)).toEqual({
      found: {
        os: { id: 'rhel', version: '9.4', name: 'Red Hat "Enterprise" Linux 9.4' },
        architecture: 'aarch64',
        packages: [
          { name: 'nginx', version: '1:1.28.0-1.el9' },
          { name: 'bash', version: '5.1.8-9.el9' },
        ],
      },
    });
  });

  it('leaves out what dpkg removed but for its configuration', () => {
    const parsed = parseInventory('deb\topenssl\t3.0.11-1\tii \ndeb\ttelnet\t0.17-42\trc ');

    expect(parsed).toEqual({ found: { packages: [{ name: 'openssl', version: '3.0.11-1' }] } });
  });

  it.each([
    ['machine\tx86_64', 'neither rpm nor dpkg knows of a package in it'],
    ['failed\trpm', 'rpm could not list the packages'],
    ['rpm\tbash\t5.2-1\tx86_64\nfailed\trpm', 'rpm did not list all packages'],
  ])('is a reason where there is no list: %j', (text, problem) => {
    expect(parseInventory(text)).toEqual({ problem });
  });

  it('stands where a second package manager has no database of its own', () => {
    expect(parseInventory('rpm\tbash\t5.2-1\tx86_64\nfailed\tdpkg')).toMatchObject({
      found: { packages: [{ name: 'bash', version: '5.2-1' }] },
    });
  });
});

describe('the command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inventory-'));
    for (const tool of ['tr', 'cksum', 'tail', 'head']) install(tool, `exec /usr/bin/${tool} "$@"`);
    install('cat', `case $1 in /etc/os-release) printf 'ID=test\\nVERSION_ID=1\\n' ;; esac`);
    install('uname', 'echo x86_64');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function install(tool: string, body: string): void {
    const file = join(folder, tool);
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  }
  /** The pages as a shell prints them whose image has these tools alone. */
  const run = (page = 1) =>
    execFileSync('/bin/sh', ['-c', writeInventoryScript(page)], {
      encoding: 'utf8',
      env: { PATH: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const parse = (text: string | undefined) => parseInventory(text ?? '');

  it('asks rpm', () => {
    install('rpm', String.raw`[ "$1" = -qa ] && printf 'rpm\tbash\t5.2-1\tx86_64\n'`);

    expect(parse(parseInventoryPage(run())?.text)).toEqual({
      found: {
        os: { id: 'test', version: '1' },
        architecture: 'x86_64',
        packages: [{ name: 'bash', version: '5.2-1' }],
      },
    });
  });

  it('asks dpkg', () => {
    install('dpkg-query', String.raw`[ "$1" = --show ] && printf 'deb\tbash\t5.2-1\tii \n'`);

    expect(parse(parseInventoryPage(run())?.text)).toMatchObject({
      found: { packages: [{ name: 'bash', version: '5.2-1' }] },
    });
  });

  it('prints a page of a long list, in bytes of ASCII', () => {
    install(
      'rpm',
      String.raw`i=0; while [ $i -lt 1500 ]; do printf 'rpm\tpäckage-%d\t1-1\tx86_64\n' $i; i=$((i+1)); done`,
    );

    const first = parseInventoryPage(run());
    const pages = Array.from({ length: first?.pages ?? 0 }, (_, at) => parseInventoryPage(run(at + 1))?.text);
    const parsed = parse(pages.join(''));

    expect(pages.length).toBeGreaterThan(1);
    expect('found' in parsed && parsed.found.packages).toHaveLength(1500);
    expect(pages.join('')).toMatch(/^[\t\n -~]*$/);
  });

  it('says so where there is neither, and where the one that is there fails', () => {
    expect(parse(parseInventoryPage(run())?.text)).toHaveProperty('problem');
    install('rpm', 'echo "rpmdb is broken" >&2; exit 1');
    expect(parse(parseInventoryPage(run())?.text)).toEqual({ problem: 'rpm could not list the packages' });
  });
});
