import { STEPS } from '../../shared/domain/records/attempt-states.ts';

/** The live view of a scenario: one row a pipeline, the latest news below. Lines fit 80 columns; without a terminal it prints news alone. */

export const WIDTH = 80;

export interface Row {
  readonly pipeline: string;
  /** Distance from the roots of the graph: indents the name. */
  readonly level: number;
  readonly state: string;
  /** Names of steps that succeeded. */
  readonly done: readonly string[];
  readonly running?: string | undefined;
  readonly failed?: string | undefined;
  readonly seconds?: number | undefined;
  readonly bakes: number;
}

export interface Frame {
  readonly title: string;
  readonly elapsedSeconds: number;
  readonly rows: readonly Row[];
  readonly news: readonly string[];
}

const PLAIN = { dim: '', bold: '', green: '', yellow: '', red: '', cyan: '', reset: '' };
const COLOUR = {
  dim: '\u001b[2m',
  bold: '\u001b[1m',
  green: '\u001b[32m',
  yellow: '\u001b[33m',
  red: '\u001b[31m',
  cyan: '\u001b[36m',
  reset: '\u001b[0m',
};
type Palette = typeof PLAIN;

/** Cut to a width, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

/** One cell a step: done, running, failed or still to come. */
function progress(row: Row, palette: Palette): string {
  return STEPS.map(({ name }) => {
    if (row.failed === name) return `${palette.red}✗${palette.reset}`;
    if (row.done.includes(name)) return `${palette.green}●${palette.reset}`;
    if (row.running === name) return `${palette.yellow}◐${palette.reset}`;
    return `${palette.dim}·${palette.reset}`;
  }).join(' ');
}

function tint(state: string, palette: Palette): string {
  if (state === 'released') return palette.green;
  if (['failed', 'rejected', 'expired', 'cancelled'].includes(state)) return palette.red;
  if (state === 'awaiting-approval') return palette.cyan;
  return '';
}

/** The lines of one frame. Without colour each is at most 80 characters. */
export function renderFrame(frame: Frame, colour: boolean): string[] {
  const palette = colour ? COLOUR : PLAIN;
  const legend = STEPS.map(({ name }) => name.slice(0, 1)).join(' ');
  const lines = [
    `${palette.bold}${cut(`  ${frame.title}`, WIDTH - 8)}${palette.reset}${palette.dim}${clock(frame.elapsedSeconds).padStart(8)}${palette.reset}`,
    '',
    `${palette.dim}${cut('  PIPELINE', 30)}${legend}   ${cut('STATE', 20)}${'TIME'.padStart(6)}${'BAKES'.padStart(7)}${palette.reset}`,
  ];
  for (const row of frame.rows) {
    const name = `  ${'  '.repeat(row.level)}${row.level > 0 ? '└ ' : ''}${row.pipeline}`;
    const time = row.seconds === undefined ? '' : clock(row.seconds);
    lines.push(
      `${cut(name, 30)}${progress(row, palette)}   ${tint(row.state, palette)}${cut(row.state, 20)}${palette.reset}${time.padStart(6)}${String(row.bakes).padStart(7)}`,
    );
  }
  lines.push('', `${palette.dim}  ${STEPS.map(({ name }) => name).join(' → ')}${palette.reset}`, '');
  for (const line of frame.news) lines.push(cut(`  ${line}`, WIDTH).trimEnd());
  return lines;
}

export interface View {
  news(line: string): void;
  frame(frame: Omit<Frame, 'news'>): void;
  end(): void;
}

/** Redraws in place on a terminal; prints each line of news once otherwise (CI, pipes). */
export function createView(output: NodeJS.WriteStream): View {
  const recent: string[] = [];
  let drawn = 0;
  const live = output.isTTY === true && process.env.CI === undefined;
  return {
    news(line) {
      if (live) {
        recent.push(line);
        if (recent.length > 8) recent.shift();
      } else output.write(`${cut(line, WIDTH).trimEnd()}\n`);
    },
    frame(frame) {
      if (!live) return;
      const lines = renderFrame({ ...frame, news: recent }, true);
      if (drawn > 0) output.write(`\u001b[${drawn}A`);
      output.write(lines.map((line) => `\u001b[2K${line}\n`).join(''));
      if (lines.length < drawn)
        output.write(`${'\u001b[2K\n'.repeat(drawn - lines.length)}\u001b[${drawn - lines.length}A`);
      drawn = lines.length;
    },
    end() {
      drawn = 0;
    },
  };
}
