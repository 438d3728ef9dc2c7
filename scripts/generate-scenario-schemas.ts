import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ReportSchema } from '../local/scenario/report-schema.ts';
import { ScenarioSchema } from '../local/scenario/schema.ts';

/** Writes the JSON Schemas of scenarios and reports; with `--check` only compares, exit 1 on drift. */

const repository = join(import.meta.dirname, '..');
const documents = [
  { file: 'local/scenario.schema.json', title: 'Ovenbird scenario', schema: ScenarioSchema, io: 'input' },
  { file: 'local/report.schema.json', title: 'Ovenbird scenario report', schema: ReportSchema, io: 'output' },
] as const;

export function scenarioSchemas(): { file: string; text: string }[] {
  return documents.map(({ file, title, schema, io }) => ({
    file,
    text: `${JSON.stringify({ title, ...z.toJSONSchema(schema, { io, unrepresentable: 'any' }) }, undefined, 2)}\n`,
  }));
}

if (process.argv[1] === import.meta.filename) {
  for (const { file, text } of scenarioSchemas()) {
    const path = join(repository, file);
    if (!process.argv.includes('--check')) writeFileSync(path, text);
    else if (readFileSync(path, 'utf8') !== text) {
      process.stderr.write(`${file} is out of date; run: node scripts/generate-scenario-schemas.ts\n`);
      process.exitCode = 1;
    }
  }
}
