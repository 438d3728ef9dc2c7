import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { composeRoleDocuments } from './roles/documents.ts';

/** Writes resources/generated; a test finds when it was forgotten. */
for (const [path, text] of Object.entries(composeRoleDocuments())) {
  const file = resolve(import.meta.dirname, '..', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
