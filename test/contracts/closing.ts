/** Closes what was made, whatever comes of the work. */
export function closing<Harness extends { close(): Promise<void> }>(make: () => Promise<Harness>) {
  return async (work: (harness: Harness) => Promise<void>): Promise<void> => {
    const harness = await make();
    try {
      await work(harness);
    } finally {
      await harness.close();
    }
  };
}
