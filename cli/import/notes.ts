/** Settings of a pipeline that have no equivalent, with their field at Image Builder and the reason. */
export interface Note {
  /** Such as `infrastructureConfiguration.keyPair`. */
  readonly field: string;
  readonly reason: string;
}

/** A note if the condition holds, else none. */
export function noteIf(isThere: boolean, field: string, reason: string): Note[] {
  return isThere ? [{ field, reason }] : [];
}

export function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'object' ? Object.values(value).some(isSet) : true;
}

/** Notes for members that are set, by the name of the member. */
export function listNotes(
  place: string,
  values: Readonly<Record<string, unknown>>,
  reasons: Readonly<Record<string, string>>,
): Note[] {
  return Object.entries(reasons).flatMap(([name, reason]) =>
    noteIf(isSet(values[name]), `${place}.${name}`, reason),
  );
}
