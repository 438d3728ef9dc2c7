/** Whether a schedule can be meant as it is written: its time zone. */

/** Names are those of the IANA database, as JavaScript knows it. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
