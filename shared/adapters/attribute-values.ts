/**
 * DynamoDB's typed values as plain ones, for the two places where the document client does not do it: items in the reasons of a cancelled
 * transaction, and records of the table's stream. Sets and binary values are not in our table.
 */
export type AttributeMap = Readonly<Record<string, unknown>>;

export function toPlainValues(map: AttributeMap): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, toPlainValue(value)]));
}

function toPlainValue(typed: unknown): unknown {
  if (typeof typed !== 'object' || typed === null) throw new Error('Not a DynamoDB value.');
  const [entry] = Object.entries(typed);
  if (entry === undefined) throw new Error('Not a DynamoDB value.');
  const [type, value] = entry;
  switch (type) {
    case 'S':
    case 'BOOL':
      return value;
    case 'N':
      return Number(value);
    case 'NULL':
      return null;
    case 'L':
      return Array.isArray(value) ? value.map(toPlainValue) : [];
    case 'M':
      return toPlainValues(value);
    default:
      throw new Error(`The table holds no values of the type ${type}.`);
  }
}
