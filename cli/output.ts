/** What the command prints: data on stdout, remarks on stderr; tables for people that fit the terminal, JSON for programs. */
import { truncate } from '../shared/domain/base/text.ts';

export interface Output {
  readonly json: boolean;
  /** Data for people; nothing with --json. */
  print(lines: readonly string[]): void;
  /** Data for programs; nothing without --json. */
  emit(value: unknown): void;
  remark(text: string): void;
  readonly columns: number;
}

export interface Streams {
  readonly stdout: { write(text: string): unknown; columns?: number };
  readonly stderr: { write(text: string): unknown };
}

const DEFAULT_COLUMNS = 80;

export function createOutput(json: boolean, { stdout, stderr }: Streams): Output {
  const columns = Math.max(40, stdout.columns ?? DEFAULT_COLUMNS);
  return {
    json,
    columns,
    print(lines) {
      if (!json) stdout.write(foldLines(lines, columns));
    },
    emit(value) {
      if (json) stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
    },
    remark(text) {
      stderr.write(foldLines([text], columns));
    },
  };
}

/** The lines as text, folded to `width` with their indentation. A word is never broken. */
export function foldLines(lines: readonly string[], width = DEFAULT_COLUMNS): string {
  return lines
    .flatMap((text) => text.split('\n').flatMap((line) => fold(line, width)))
    .map((line) => `${line}\n`)
    .join('');
}

function fold(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const indent = line.slice(0, line.search(/\S|$/));
  const before = line.lastIndexOf(' ', width);
  const at = before > indent.length ? before : line.indexOf(' ', width);
  if (at < 0) return [line];
  return [line.slice(0, at).trimEnd(), ...fold(`${indent}${line.slice(at).trimStart()}`, width)];
}

export interface Column {
  readonly title: string;
  /** Maximum width; the last column takes what is left. */
  readonly most?: number;
}

const GAP = '  ';

/** A table with columns as wide as their content; the last column is cut to fit the terminal. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columns.map(({ title, most }, index) => {
    const longest = Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length));
    return most === undefined ? longest : Math.min(longest, Math.max(most, title.length));
  });
  const line = (cells: readonly string[]) =>
    truncate(
      columns
        .map((_, index) => truncate(cells[index] ?? '', widths[index] ?? 0).padEnd(widths[index] ?? 0))
        .join(GAP)
        .trimEnd(),
      width,
    );
  return [columns.map(({ title }) => title), ...rows].map(line);
}

/** `2026-11-21 08:30`. */
export function formatTime(iso: string | undefined): string {
  return iso === undefined ? '-' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}
