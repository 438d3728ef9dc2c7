/** Makes a value when it is first asked for, and keeps it: importing a module reads no environment and opens no client. */
export function lazy<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
