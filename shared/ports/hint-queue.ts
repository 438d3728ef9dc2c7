export interface HintQueue {
  /** Asks for the selectors of the topics to be looked at again, in as few messages as it takes. */
  send(topics: readonly string[]): Promise<void>;
}
