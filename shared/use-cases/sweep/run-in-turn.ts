/** One after the other. One that fails keeps no other from its turn; when all have had theirs an error tells how many were done, and why the first failed. */
export async function runInTurn<T>(
  entries: readonly T[],
  work: (entry: T) => Promise<unknown>,
): Promise<void> {
  const problems: unknown[] = [];
  for (const entry of entries) {
    try {
      await work(entry);
    } catch (error) {
      problems.push(error);
    }
  }
  const [first] = problems;
  if (problems.length === 0) return;
  const why = first instanceof Error ? `${first.name}: ${first.message}` : String(first);
  throw new Error(`${entries.length - problems.length} of ${entries.length} were done. ${why}`, {
    cause: first,
  });
}
