export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `undefined` when the text is no decimal number. */
export function numberFromText(text: string): number | undefined {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined;
  return Number(text);
}

/** The error of an answer that its schema does not allow: a defect of the local cloud, not of the caller. */
export function badOutput(path: string, expected: string): Error {
  return new Error(`The answer at ${path} must be ${expected}.`);
}
