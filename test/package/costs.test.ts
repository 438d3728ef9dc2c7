import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { BEGIN, END, formatCosts } from '../../scripts/costs/document.ts';
import { computeIdleCosts, readPrices, sumCosts } from '../../scripts/costs/idle.ts';
import { read } from '../architecture/imports.ts';
import { templateFile } from './packaged.ts';

const packaged: unknown = JSON.parse(readFileSync(templateFile, 'utf8'));

describe('what the service costs', () => {
  it('is at most USD 10 in a month in which nothing changes', () => {
    expect(sumCosts(computeIdleCosts(packaged, readPrices().prices))).toBeLessThanOrEqual(10);
  });

  it('is what the page says', () => {
    const page = read('docs/operations/costs.md');

    expect(page.slice(page.indexOf(BEGIN), page.indexOf(END) + END.length)).toBe(formatCosts(packaged));
  });
});
