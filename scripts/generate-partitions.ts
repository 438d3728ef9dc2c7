import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { composePartitions, PARTITIONS_FILE } from './partitions-document.ts';

/** Writes the partitions of AWS into the domain; a test finds when it was forgotten. */
writeFileSync(resolve(import.meta.dirname, '..', PARTITIONS_FILE), await composePartitions());
