/** How times, lengths of time and counts are said to people, and how text is cut to a line. */

/** `2026-11-24 08:00 UTC`. */
export function describeTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function describeSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => whole >= size);
  if (first === -1) return '0 s';
  const shown: string[] = [];
  let rest = whole;
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) shown.push(`${count} ${unit}`);
  }
  return shown.join(' ');
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Breaks text at spaces so that no line is longer than `width`; a longer word (an ARN, a link) keeps a line of its own. */
export function wrap(text: string, width = 80, indent = ''): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/).filter((entry) => entry !== '')) {
    const joined = line.trim() === '' ? `${indent}${word}` : `${line} ${word}`;
    if (joined.length <= width || line.trim() === '') line = joined;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  if (line.trim() !== '') lines.push(line);
  return lines;
}

/** Cuts to a length with an ellipsis; SNS subjects hold fewer than 100 characters (sns PublishInput.Subject). */
export function truncate(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** What thousands of targets may say goes into one message: a payload of Step Functions holds 256 KiB, and each machine escapes it once more. */
const REASONS_LENGTH = 2000;

/** Reasons beside each other, as many as a message holds, and how many more there are. */
export function listReasons(reasons: readonly string[]): string {
  let shown = '';
  for (const [index, reason] of reasons.entries()) {
    const next = index === 0 ? truncate(reason, REASONS_LENGTH) : `${shown} | ${reason}`;
    if (next.length > REASONS_LENGTH) return `${shown} | and ${reasons.length - index} more`;
    shown = next;
  }
  return shown;
}
