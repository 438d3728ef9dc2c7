import fc from 'fast-check';
import type { Shape } from '../../../../local-cloud/image-services/service.ts';
import type { Member, StructureType, Type } from '../../../../local-cloud/image-services/wire/schemas.ts';

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map((value) => `x${value}x`);

/**
 * Random values of a structure: all that is required and a few of the others. Lists and structures are never empty, because a form
 * cannot say that something is there and empty.
 */
export function shapes(type: StructureType, depth = 3): fc.Arbitrary<Shape> {
  const usable = type.members.filter(({ type: of }) => depth > 0 || !isComposite(of));
  const must = type.members.filter(({ name }) => type.required.has(name));
  const may = usable.filter(({ name }) => !type.required.has(name));
  const least = must.length === 0 && may.length > 0 ? 1 : 0;
  return fc
    .subarray(may, { minLength: least, maxLength: Math.max(least, Math.min(4, may.length)) })
    .chain((some) =>
      fc.record(
        Object.fromEntries([...must, ...some].map((member) => [member.name, toArbitrary(member, depth)])),
      ),
    );
}

function isComposite(type: Type): boolean {
  return type.kind === 'structure' || type.kind === 'list' || type.kind === 'map';
}

function toArbitrary({ type }: Member, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'structure':
      return shapes(type, depth - 1);
    case 'list':
      return fc.array(toArbitrary(type.member, depth - 1), { minLength: 1, maxLength: 3 });
    case 'map':
      return fc.dictionary(text, toArbitrary(type.value, depth - 1), { minKeys: 1, maxKeys: 3 });
    case 'string':
      return text;
    case 'number':
      return fc.integer();
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc
        .date({ min: new Date('2001-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })
        .map((date) => date);
    case 'blob':
      return fc.uint8Array({ minLength: 1, maxLength: 8 });
    case 'document':
      return fc.constant({});
  }
}

/** True when values made by `shapes` can be sent: a structure of nothing but structures has no value at the last level. */
export function isSendable(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isSendable);
  if (value instanceof Date || value instanceof Uint8Array) return true;
  if (typeof value === 'object' && value !== null) {
    const members = Object.values(value);
    return members.length > 0 && members.every(isSendable);
  }
  return value !== undefined;
}
