/** The port's writes and conditions as DynamoDB expressions (amazondynamodb/developerguide/Expressions). Every name is a placeholder: reserved words are many. */
import type { Key } from '../domain/base/naming.ts';
import type { Write, WriteCondition } from '../ports/table.ts';

/** Collects placeholders of one request. */
export class Placeholders {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, unknown> = {};

  name(attribute: string): string {
    const placeholder = `#${attribute.replace(/[^A-Za-z0-9]/g, '_')}`;
    this.names[placeholder] = attribute;
    return placeholder;
  }

  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  /** Empty maps are refused by DynamoDB. */
  attributes(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, unknown>;
  } {
    return {
      ...(Object.keys(this.names).length === 0 ? {} : { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length === 0 ? {} : { ExpressionAttributeValues: this.values }),
    };
  }
}

export function buildConditionExpression(
  condition: WriteCondition | undefined,
  place: Placeholders,
): string | undefined {
  if (condition === undefined) return undefined;
  const parts: string[] = [];
  if (condition.exists !== undefined)
    parts.push(`${condition.exists ? 'attribute_exists' : 'attribute_not_exists'}(${place.name('pk')})`);
  for (const [attribute, value] of Object.entries(condition.equals ?? {})) {
    const name = place.name(attribute);
    parts.push(value === null ? `attribute_not_exists(${name})` : `${name} = ${place.value(value)}`);
  }
  for (const [attribute, values] of Object.entries(condition.oneOf ?? {})) {
    parts.push(`${place.name(attribute)} IN (${values.map((value) => place.value(value)).join(', ')})`);
  }
  for (const [attribute, value] of Object.entries(condition.below ?? {})) {
    const name = place.name(attribute);
    parts.push(`(attribute_not_exists(${name}) OR ${name} < ${place.value(value)})`);
  }
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

export function buildUpdateExpression(
  update: Extract<Write, { update: Key }>,
  place: Placeholders,
): string | undefined {
  const set = Object.entries(update.set ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([attribute, value]) => `${place.name(attribute)} = ${place.value(value)}`);
  for (const [attribute, value] of Object.entries(update.setOnce ?? {})) {
    const name = place.name(attribute);
    set.push(`${name} = if_not_exists(${name}, ${place.value(value)})`);
  }
  for (const [attribute, values] of Object.entries(update.append ?? {})) {
    const name = place.name(attribute);
    set.push(`${name} = list_append(if_not_exists(${name}, ${place.value([])}), ${place.value(values)})`);
  }
  const remove = (update.remove ?? []).map((attribute) => place.name(attribute));
  const add = Object.entries(update.add ?? {}).map(
    ([attribute, value]) => `${place.name(attribute)} ${place.value(value)}`,
  );
  const clauses = [
    set.length === 0 ? '' : `SET ${set.join(', ')}`,
    remove.length === 0 ? '' : `REMOVE ${remove.join(', ')}`,
    add.length === 0 ? '' : `ADD ${add.join(', ')}`,
  ].filter((clause) => clause !== '');
  return clauses.length === 0 ? undefined : clauses.join(' ');
}
