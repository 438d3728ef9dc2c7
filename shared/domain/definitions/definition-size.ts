/** The size of a definition in its revision's row; DynamoDB takes no row above 400 KB. */
import type { Problem } from '../base/errors.ts';
import type { Definition } from './definition.ts';

/** amazondynamodb Limits: an item has at most 400 KB. 29 KB are left for names, full ARNs and the person who applied it. */
const MAX_BYTES = 380_000;

/** The problem of a definition that is too large to be stored. */
export function findSizeProblem(definition: Definition): Problem | undefined {
  // What is named under inputs is in the row twice: as it was written and in normal form.
  const bytes = storedBytes(definition) + storedBytes(definition.inputs);
  if (bytes <= MAX_BYTES) return undefined;
  const [part, share] = findLargestPart(definition);
  return {
    field: part === 'tests' ? 'tests.suites' : part,
    message: `has ${inKB(share)} of a definition of ${inKB(bytes)}, scripts included; ${inKB(MAX_BYTES)} fit into the row that holds it`,
    fix:
      part === 'tests'
        ? 'Shorten the scripts: let them fetch what is large from a bucket, or make test components of them (tests.components).'
        : `Shorten ${part}, or divide the pipeline into two.`,
  };
}

function findLargestPart(definition: Definition): [part: string, bytes: number] {
  return Object.entries(definition)
    .map(([part, value]): [string, number] => [part, storedBytes(value)])
    .reduce((largest, entry) => (entry[1] > largest[1] ? entry : largest));
}

const UTF8 = new TextEncoder();

/** Bytes of a value as DynamoDB counts them (amazondynamodb CapacityUnitCalculations); of a number the most that it may take. */
function storedBytes(value: unknown): number {
  if (typeof value === 'string') return UTF8.encode(value).length;
  if (typeof value === 'number') return 21;
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + 1 + storedBytes(entry), 3);
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).reduce(
      (sum, [name, entry]) => sum + 1 + UTF8.encode(name).length + storedBytes(entry),
      3,
    );
  return 1;
}

function inKB(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} KB`;
}
