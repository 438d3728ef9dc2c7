export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `undefined` when the text is no decimal number. */
export function numberFromText(text: string): number | undefined {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined;
  return Number(text);
}

/** An operation answered with something that its schema does not allow: a defect of ours, never the caller's. */
export function badOutput(path: string, expected: string): Error {
  return new Error(`The answer at ${path} must be ${expected}.`);
}
