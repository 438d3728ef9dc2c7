import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { definitionSchema } from './definition-schema.ts';

/** Writes docs/pipeline.schema.json; a test finds when it was forgotten. */
const file = resolve(import.meta.dirname, '../docs/pipeline.schema.json');
writeFileSync(file, `${JSON.stringify(definitionSchema(), undefined, 2)}\n`);
