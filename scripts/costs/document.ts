/** The generated part of docs/operations/costs.md. */
import { computeBakeCosts, computeKeptCosts } from './bake.ts';
import { type Cost, computeIdleCosts, readPrices, sumCosts } from './idle.ts';

export const BEGIN = '<!-- computed by npm run costs -->';
export const END = '<!-- end of what is computed -->';

export function formatCosts(template: unknown): string {
  const { prices, region, date } = readPrices();
  const idle = computeIdleCosts(template, prices);
  const bake = computeBakeCosts(prices);
  return [
    BEGIN,
    `List prices of ${region}, ${date}, in USD, without the free tier.`,
    '',
    '### A month in which nothing changes',
    '',
    ...table(idle),
    '',
    '### A bake',
    '',
    ...table(bake),
    '',
    '### A release, for each month that it is kept',
    '',
    ...table(computeKeptCosts()),
    END,
  ].join('\n');
}

function table(costs: readonly Cost[]): string[] {
  return [
    '| what | how much | USD |',
    '| --- | ---: | ---: |',
    ...costs.map(({ what, count, usd }) => `| ${what} | ${count} | ${usd.toFixed(2)} |`),
    `| **together** | | **${sumCosts(costs).toFixed(2)}** |`,
  ];
}
