import type { Behaviours, ComponentEffect, Package } from '../behaviours.ts';
import type { ComponentRecord } from './records.ts';
import { formatVersion } from './versions.ts';

/** The declared effect of a component version, found by its name or by its slug. */
export const findEffect = (
  behaviour: Behaviours,
  component: ComponentRecord,
): ComponentEffect | undefined => {
  const version = formatVersion(component.version);
  return (
    behaviour.components.get(`${component.slug}/${version}`) ??
    behaviour.components.get(`${component.name}/${version}`)
  );
};

/** The parent's inventory after each component has added and removed what was declared, in recipe order. */
export const inventoryAfter = (
  parent: readonly Package[],
  effects: readonly (ComponentEffect | undefined)[],
): Package[] => {
  const packages = new Map(parent.map((entry) => [entry.name, entry]));
  for (const effect of effects) {
    for (const name of effect?.removes ?? []) packages.delete(name);
    for (const added of effect?.adds ?? []) packages.set(added.name, added);
  }
  return [...packages.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
};
