/** The files that an import writes. */
import { stringify } from 'yaml';
import { wrap } from '../../shared/domain/base/text.ts';
import type { Imported } from './definitions.ts';

const WIDTH = 80;

/** `schema`: where editors find the schema, from the file's folder. */
export function formatFile({ definition, notes, arn }: Imported, schema: string): string {
  const lines = [
    `# yaml-language-server: $schema=${schema}`,
    `# Imported from ${arn}`,
    ...(notes.length === 0 ? [] : ['#', '# To know before it is applied:']),
    ...notes.flatMap(({ field, reason }) => bullet(`${field}: ${reason}`)),
  ];
  return `${lines.join('\n')}\n${stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function bullet(text: string): string[] {
  return wrap(text, WIDTH - 1, '   ').map(
    (line, index) => `#${index === 0 ? line.replace('   ', ' - ') : line}`,
  );
}
