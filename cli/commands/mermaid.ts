/** The graph as mermaid text (mermaid.js.org/syntax/flowchart). Pure. */
import type { Graph } from '../../shared/domain/api/explanation.ts';
import { truncate } from '../../shared/domain/base/text.ts';
import { describeSelector } from '../../shared/domain/selectors/describe.ts';
import { findSelectorKind } from '../../shared/domain/selectors/selectors.ts';

type Node = Graph['nodes'][number];

const LABEL_LENGTH = 60;
const CLASSES = {
  baking: 'fill:#cfe8ff,stroke:#1c6fb8,color:#0b2a45',
  stale: 'fill:#ffe3b3,stroke:#b36b00,color:#402600',
  disabled: 'fill:#e6e6e6,stroke:#777777,color:#333333',
} as const;
const MARKS = Object.keys(CLASSES) as (keyof typeof CLASSES)[];

export function toMermaid({ nodes, edges }: Pick<Graph, 'nodes' | 'edges'>): string[] {
  // Selectors hold characters that mermaid does not allow in ids.
  const ids = new Map(nodes.map((node, index) => [node.id, `n${index + 1}`]));
  const marked = MARKS.map((mark) => ({ mark, of: nodes.filter((node) => node[mark] === true) }));
  return [
    'flowchart LR',
    ...nodes.map((node) => `  ${ids.get(node.id)}${toMermaidShape(node)}`),
    ...edges.flatMap(({ from, to, as }) => {
      const [one, other] = [ids.get(from), ids.get(to)];
      if (one === undefined || other === undefined) return [];
      return [`  ${one} ${as === 'test' ? '-.->' : '-->'} ${other}`];
    }),
    ...marked.flatMap(({ mark, of }) =>
      of.length === 0
        ? []
        : [`  classDef ${mark} ${CLASSES[mark]}`, ...of.map((node) => `  class ${ids.get(node.id)} ${mark}`)],
    ),
  ];
}

/** Pipelines are boxes, components have round ends, all other selectors are cylinders. */
function toMermaidShape(node: Node): string {
  const label = `"${escapeLabel(truncate(describeNode(node), LABEL_LENGTH))}"`;
  const { parent, usableAs } = findSelectorKind(node);
  if (parent !== undefined) return `[${label}]`;
  return usableAs.includes('component') ? `([${label}])` : `[(${label})]`;
}

/** The label with its marks in words: colour alone is not accessible, and is lost in text. */
function describeNode(node: Node): string {
  if (findSelectorKind(node).parent === undefined) return describeSelector(node.id);
  const marks = MARKS.filter((mark) => node[mark] === true);
  return marks.length === 0 ? node.id : `${node.id} (${marks.join(', ')})`;
}

/** Escapes everything but plain text as mermaid's entity codes. */
function escapeLabel(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 ()/.,:_+@*=?…-]/gu, (character) => `#${character.codePointAt(0)};`);
}
