/**
 * Lambda ends a loop of a function and a queue after 16 rounds unless the function says otherwise (lambda/dg/invocation-recursion). Ours end by
 * themselves: a hint goes on for as long as there are pages of findings, a reconcile for as many dependents as there are below each other, a
 * wait for the rounds of its delays (shared/domain/waits/wake.ts). So every function on a loop is allowed to go on.
 */
function loopExtensions(functions, roles) {
  const sends = new Map();
  const consumers = new Map();
  for (const [id, { name, events = [] }] of functions) {
    sends.set(id, queuesOf(roles[name]));
    for (const { sqs } of events) {
      const [queue] = sqs?.arn?.['Fn::GetAtt'] ?? [];
      if (queue !== undefined) consumers.set(queue, [...(consumers.get(queue) ?? []), id]);
    }
  }
  const next = (id) => sends.get(id).flatMap((queue) => consumers.get(queue) ?? []);
  const isOnLoop = (id) => reach(next(id), next).has(id);
  return Object.fromEntries(
    functions
      .filter(([id]) => isOnLoop(id))
      .map(([id]) => [`${id}LambdaFunction`, { Properties: { RecursiveLoop: 'Allow' } }]),
  );
}

/** Queues that a role may send to. */
function queuesOf(statements = []) {
  return statements
    .filter(({ Action }) => Action.includes('sqs:SendMessage'))
    .flatMap(({ Resource }) => [Resource].flat())
    .flatMap((resource) => resource['Fn::GetAtt']?.[0] ?? []);
}

function reach(from, next) {
  const found = new Set();
  const open = [...from];
  while (open.length > 0) {
    const id = open.pop();
    if (found.has(id)) continue;
    found.add(id);
    open.push(...next(id));
  }
  return found;
}

module.exports = { loopExtensions };
