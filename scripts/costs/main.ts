/** `npm run costs`: computes docs/operations/costs.md anew from the packaged template (.serverless), which `npm run package` makes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BEGIN, END, formatCosts } from './document.ts';

const root = resolve(import.meta.dirname, '../..');
const page = join(root, 'docs/operations/costs.md');
const packaged = join(root, '.serverless/cloudformation-template-update-stack.json');

const text = readFileSync(page, 'utf8');
const computed = formatCosts(JSON.parse(readFileSync(packaged, 'utf8')));
writeFileSync(
  page,
  text.slice(0, text.indexOf(BEGIN)) + computed + text.slice(text.indexOf(END) + END.length),
);
console.log(computed);
