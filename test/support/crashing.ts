/** The process that made the call is gone: there is no answer, and nothing says whether the call was made. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface CrashPoint {
  /** Counted over all calls of all ports. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** Ports that behave as they are, but for the calls at which the process ends. Ports that a call returns, or a port holds, crash too. */
export function crashing<Ports extends object>(ports: Ports, points: readonly CrashPoint[]): Ports {
  const plan = new Map(points.map(({ call, when }) => [call, when]));
  const calls = { count: 0 };
  const around =
    (method: (...args: unknown[]) => unknown) =>
    async (...args: unknown[]): Promise<unknown> => {
      const when = plan.get(calls.count);
      calls.count += 1;
      if (when === 'before') throw new Crash(`before call ${calls.count}`);
      const answer = await method(...args);
      if (when === 'after') throw new Crash(`after call ${calls.count}`);
      return holdsMethods(answer) ? wrap(answer) : answer;
    };
  const openers = new Set<object>();
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name, receiver) => {
        const member: unknown = Reflect.get(target, name, receiver);
        if ((name === 'openControl' || openers.has(target)) && isMethod(member))
          return (...args: unknown[]) => wrap(member.apply(target, args) as object);
        if (isMethod(member)) return around(member.bind(target));
        return holdsMethods(member) ? wrap(member) : member;
      },
    });
  const synchronous = ['clock', 'digest', 'ids'];
  // Its members open an engine each, without a call.
  if ('engines' in ports && holdsMethods(ports.engines)) openers.add(ports.engines);
  const entries = Object.entries(ports).map(([name, port]) => [
    name,
    synchronous.includes(name) ? port : wrap(port as object),
  ]);
  return Object.fromEntries(entries) as Ports;
}

function isMethod(member: unknown): member is (...args: unknown[]) => unknown {
  return typeof member === 'function';
}

function holdsMethods(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((member) => isMethod(member) || holdsMethods(member))
  );
}
