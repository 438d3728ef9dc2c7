/** Everything that the rest of the code asks of selectors; which kinds there are stands in the registry alone. */
import * as z from 'zod';
import type { ParentChannel, Reach, SelectorKind, SelectorUse } from './kind.ts';
import { SELECTOR_KINDS } from './registry.ts';

type Kinds = (typeof SELECTOR_KINDS)[number];
type KindsUsableAs<Use extends SelectorUse, Kind = Kinds> = Kind extends { usableAs: readonly (infer U)[] }
  ? Use extends U
    ? Kind
    : never
  : never;
type BaseFormSchema<Kind = KindsUsableAs<'base'>> = Kind extends { baseForm: infer F extends z.ZodType }
  ? F
  : Kind extends { form: infer F extends z.ZodType }
    ? F
    : never;
type InputFormSchema = KindsUsableAs<'input'>['form'];

/** A dependency in normal form. */
export type Selector = z.output<Kinds['stored']>;

/** Kinds whose own resolver answers for them, by speed; those that follow a release have none. */
export type ResolvedKind<Speed extends 'fast' | 'slow' = 'fast' | 'slow'> = Exclude<
  Extract<Kinds, { speed: Speed }>,
  { parent: unknown }
>['kind'];

type AnyKind = SelectorKind<object, Selector>;

export function listSelectorKinds(use?: SelectorUse): readonly AnyKind[] {
  const kinds: readonly AnyKind[] = SELECTOR_KINDS;
  return use === undefined ? kinds : kinds.filter(({ usableAs }) => usableAs.includes(use));
}

export const SelectorSchema: z.ZodType<Selector> = z.lazy(() =>
  z.discriminatedUnion('kind', toOptions(listSelectorKinds().map(({ stored }) => stored))),
);

export const SelectorKindName = z.lazy(() => z.enum(listSelectorKinds().map(({ kind }) => kind)));

export const BaseSelectorSchema = z.lazy(() =>
  createFormUnion<BaseFormSchema>('base').meta({
    description: `What the image is built on: exactly one of ${listFormNames('base').join(', ')}.`,
  }),
);

export const InputSelectorSchema = z.lazy(() =>
  createFormUnion<InputFormSchema>('input').meta({
    description: `Exactly one of ${listFormNames('input').join(', ')}.`,
  }),
);

function createFormUnion<Schema extends z.ZodType>(use: SelectorUse) {
  const forms = listSelectorKinds(use).map(
    (kind) => (use === 'base' ? kind.baseForm : undefined) ?? kind.form,
  );
  return z.union(forms as unknown as readonly z.ZodType<z.output<Schema>, z.input<Schema>>[]);
}

/** zod asks for options whose type tells the discriminator; each `stored` has it at run time. */
function toOptions(schemas: readonly z.ZodType<Selector>[]) {
  return schemas as unknown as readonly [z.ZodType<Selector> & z.core.$ZodTypeDiscriminable];
}

/** The fields by which forms of a base or an input are told apart, in the order of their schemas. */
export function listFormNames(use: SelectorUse): string[] {
  return listSelectorKinds(use).map(({ kind }) => kind);
}

export function findSelectorKind(selector: { readonly kind: string }): AnyKind {
  const kind = listSelectorKinds().find((entry) => entry.kind === selector.kind);
  if (kind === undefined) throw new TypeError(`There are no ${selector.kind} selectors.`);
  return kind;
}

/** The kind of what a definition wrote, as its schema has let it pass. */
export function findFormKind(form: object): AnyKind {
  const kind = listSelectorKinds().find((entry) => entry.kind in form);
  if (kind === undefined) throw new TypeError('It has no form of a selector.');
  return kind;
}

/** Undefined for the key of a change that no selector has made. */
export function findKeyKind(key: string): AnyKind | undefined {
  return listSelectorKinds().find(({ kind }) => key.startsWith(`${kind}:`));
}

export function selectorKey(selector: Selector): string {
  return findSelectorKind(selector).key(selector);
}

export function selectorTopic(selector: Selector): string {
  return findSelectorKind(selector).topic(selector);
}

export function comparesAs(selector: Selector): 'semver' | 'value' {
  return findSelectorKind(selector).comparesAs;
}

/** The pipeline whose release the selector follows; undefined where a resolver answers for it. */
export function findParent(selector: Selector): ParentChannel | undefined {
  return findSelectorKind(selector).parent?.(selector);
}

/** Empty for a selector that reads no parameter and no image by name. */
export function findReach(selector: Selector): Reach {
  return findSelectorKind(selector).reach?.(selector) ?? {};
}

/** True for a topic whose selectors are resolved by the function for slow kinds. */
export function isSlowTopic(topic: string): boolean {
  return findKeyKind(topic)?.speed === 'slow';
}
