/** One value for each region, such as a client, made when it is first asked for. */
export function perRegion<Value>(make: (region: string) => Value): (region: string) => Value {
  const made = new Map<string, Value>();
  return (region) => {
    const value = made.get(region) ?? make(region);
    made.set(region, value);
    return value;
  };
}
