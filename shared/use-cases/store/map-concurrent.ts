/** Does the work for all items, at most `limit` at a time. All of it is brought to its end before the first error is thrown, so that nothing goes on unseen. */
export async function mapConcurrent<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: { index: number; result: Result }[] = [];
  const errors: unknown[] = [];
  const queue = items.map((item, index) => ({ item, index }));
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      try {
        results.push({ index: next.index, result: await work(next.item) });
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results.sort((a, b) => a.index - b.index).map(({ result }) => result);
}
