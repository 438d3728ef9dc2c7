import { PIPELINE_NAME } from '../../shared/domain/selectors/pipeline.ts';

const LONGEST = 40;

/** Names of definitions for names at Image Builder, in their order and all different: lower case, with dashes, no longer than 40 characters. */
export function chooseNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = toPlainName(name);
    let free = plain;
    for (let number = 2; taken.has(free); number += 1) {
      const end = `-${number}`;
      free = `${plain.slice(0, LONGEST - end.length)}${end}`;
    }
    taken.add(free);
    return free;
  });
}

function toPlainName(name: string): string {
  const dashed = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replaceAll(/^-+|-+$/g, '');
  if (PIPELINE_NAME.test(dashed)) return dashed;
  return `image-${dashed}`.slice(0, LONGEST).replace(/-+$/, '');
}
