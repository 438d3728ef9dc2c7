import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Writes every generated document: runs each scripts/generate-*.ts. */
for (const name of readdirSync(import.meta.dirname).filter((entry) => /^generate-.+\.ts$/.test(entry)))
  execFileSync(process.execPath, [join(import.meta.dirname, name)], { stdio: 'inherit' });
