import { describe, expect, it } from '@jest/globals';
import type { Findings } from '../../shared/ports/vulnerabilities.ts';

export interface FindingsHarness {
  readonly findings: Findings;
  /** Publishes a finding about a package on Amazon Linux and gives its ARN. */
  publish(name: string, fixed: string): Promise<string>;
  close(arn: string): Promise<void>;
  end(): Promise<void>;
}

/** What must hold wherever findings come from. */
export function findingsContract(name: string, make: () => Promise<FindingsHarness>): void {
  const withHarness = async (work: (harness: FindingsHarness) => Promise<void>) => {
    const harness = await make();
    try {
      await work(harness);
    } finally {
      await harness.end();
    }
  };

  describe(`${name} as findings`, () => {
    it('reads a finding as it is, and none that is closed or never was', () =>
      withHarness(async ({ findings, publish, close }) => {
        const [open, closed] = [await publish('openssl', '3.0.8-2'), await publish('curl', '8.1-1')];
        await close(closed);
        const unknown = `${open.slice(0, -4)}0000`;

        const read = await findings.read([open, closed, unknown]);

        expect(read.map(({ arn }) => arn)).toEqual([open]);
        expect(read[0]?.packages).toMatchObject([{ name: 'openssl', format: 'rpm', fixed: '3.0.8-2' }]);
        expect(await findings.read([])).toEqual([]);
      }));

    it('reads many at once', () =>
      withHarness(async ({ findings, publish }) => {
        const arns: string[] = [];
        for (let n = 0; n < 23; n += 1) arns.push(await publish(`package-${n}`, '2-1'));

        const read = await findings.read(arns);

        expect(read.map(({ arn }) => arn).sort()).toEqual([...arns].sort());
      }));

    it('lists every open finding once, page by page', () =>
      withHarness(async ({ findings, publish, close }) => {
        const arns: string[] = [];
        for (let n = 0; n < 105; n += 1) arns.push(await publish(`package-${n}`, '2-1'));
        await close(arns.pop() ?? '');

        const listed: string[] = [];
        let after: string | undefined;
        do {
          const page = await findings.list(after);
          if (page.refused !== undefined) throw new Error(page.refused);
          listed.push(...page.findings.map(({ arn }) => arn));
          after = page.cursor;
        } while (after !== undefined);

        expect(listed.sort()).toEqual([...arns].sort());
      }));
  });
}
