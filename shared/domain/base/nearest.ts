/** What was probably meant by a word that is none of those that are known. */

/** One that begins with the word, or is at most two edits away. */
export function findNearest(word: string, known: readonly string[]): string | undefined {
  const written = word.toLowerCase();
  return (
    known.find((candidate) => written.length > 2 && candidate.toLowerCase().startsWith(written)) ??
    known.find((candidate) => computeDistance(candidate.toLowerCase(), written) <= MOST_EDITS)
  );
}

export const MOST_EDITS = 2;

/** How many letters are added, left out, replaced, or exchanged with the next one (optimal string alignment). */
export function computeDistance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isExchanged = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const exchanged = i > 1 && j > 1 && isExchanged ? (before[j - 2] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
