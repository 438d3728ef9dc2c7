/**
 * A small interpreter for our state machines: Amazon States Language in JSONata, as far as we use it, on a virtual clock. Tasks are answered by
 * stubs named after their states. It is stricter than it need be where a machine would break at AWS only in the rare case: an expression
 * without a value, a variable declared twice, a Catch that is never last.
 *
 * Facts: states-language.net specification; step-functions/dg/transforming-data, workflow-variables, concepts-error-handling.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import * as YAML from 'yaml';
import * as z from 'zod';

export interface TaskCall {
  readonly state: string;
  readonly resource: string;
  /** For Lambda tasks the payload, for nested machines their input, otherwise the arguments. */
  readonly payload: unknown;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Counts the calls of this state, from 0, over retries and iterations. */
  readonly call: number;
}

/** Answers a task: its payload, the output of its token, or the output of the nested machine. Throw a TaskError to fail it. */
export type TaskStub = (call: TaskCall) => unknown;

/** A task fails with the error name that `Retry` and `Catch` match. */
export class TaskError extends Error {
  readonly causeText: string;
  constructor(name: string, causeText = `${name} was thrown`) {
    super(causeText);
    this.name = name;
    this.causeText = causeText;
  }
}

/** Answer of a task whose token is never answered: it ends by its time-out. */
export const NEVER = Symbol('never');

export interface RunResult {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** States entered, in order, those inside of maps included. */
  readonly path: readonly string[];
  readonly calls: readonly TaskCall[];
  /** Virtual seconds from start to end. */
  readonly seconds: number;
}

const CatcherSchema = z.object({
  ErrorEquals: z.array(z.string()).min(1),
  Next: z.string(),
  Assign: z.record(z.string(), z.unknown()).optional(),
  Output: z.unknown().optional(),
});
const RetrierSchema = z.object({
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: z.number().default(1),
  MaxAttempts: z.number().default(3),
  BackoffRate: z.number().default(2),
  MaxDelaySeconds: z.number().optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});
const ChoiceSchema = z.object({
  Condition: z.string(),
  Next: z.string(),
  Assign: z.record(z.string(), z.unknown()).optional(),
  Output: z.unknown().optional(),
});

export interface State {
  readonly Type: 'Pass' | 'Task' | 'Choice' | 'Map' | 'Wait' | 'Succeed' | 'Fail';
  readonly Comment?: string | undefined;
  readonly Next?: string | undefined;
  readonly End?: boolean | undefined;
  readonly Resource?: string | undefined;
  readonly Arguments?: Record<string, unknown> | undefined;
  readonly Output?: unknown;
  readonly Assign?: Record<string, unknown> | undefined;
  readonly TimeoutSeconds?: number | string | undefined;
  readonly HeartbeatSeconds?: number | string | undefined;
  readonly Retry?: z.output<typeof RetrierSchema>[] | undefined;
  readonly Catch?: z.output<typeof CatcherSchema>[] | undefined;
  readonly Choices?: z.output<typeof ChoiceSchema>[] | undefined;
  readonly Default?: string | undefined;
  readonly Items?: unknown;
  readonly ItemSelector?: unknown;
  readonly MaxConcurrency?: number | undefined;
  readonly ItemProcessor?: Machine | undefined;
  readonly Seconds?: number | string | undefined;
  readonly Timestamp?: string | undefined;
  readonly Error?: string | undefined;
  readonly Cause?: string | undefined;
}
export interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const StateSchema: z.ZodType<State> = z.lazy(() =>
  z.strictObject({
    Type: z.enum(['Pass', 'Task', 'Choice', 'Map', 'Wait', 'Succeed', 'Fail']),
    Comment: z.string().optional(),
    Next: z.string().optional(),
    End: z.boolean().optional(),
    Resource: z.string().optional(),
    Arguments: z.record(z.string(), z.unknown()).optional(),
    Output: z.unknown().optional(),
    Assign: z.record(z.string(), z.unknown()).optional(),
    TimeoutSeconds: z.union([z.number(), z.string()]).optional(),
    HeartbeatSeconds: z.union([z.number(), z.string()]).optional(),
    Retry: z.array(RetrierSchema).optional(),
    Catch: z.array(CatcherSchema).optional(),
    Choices: z.array(ChoiceSchema).optional(),
    Default: z.string().optional(),
    Items: z.unknown().optional(),
    ItemSelector: z.unknown().optional(),
    MaxConcurrency: z.number().optional(),
    ItemProcessor: MachineBodySchema.optional(),
    Seconds: z.union([z.number(), z.string()]).optional(),
    Timestamp: z.string().optional(),
    Error: z.string().optional(),
    Cause: z.string().optional(),
  }),
);
const MachineBodySchema: z.ZodType<Machine> = z.object({
  ProcessorConfig: z.object({ Mode: z.literal('INLINE') }).optional(),
  StartAt: z.string(),
  States: z.record(z.string(), StateSchema),
});
const MachineSchema = z.intersection(
  MachineBodySchema,
  z.object({ QueryLanguage: z.literal('JSONata'), TimeoutSeconds: z.number().optional() }),
);

const ROOT = join(__dirname, '..', '..');

/** The definition of one of our machines, checked for what the interpreter understands. */
export function readMachine(name: string): z.infer<typeof MachineSchema> {
  const text = readFileSync(join(ROOT, 'statemachines', name, `${name}.asl.yml`), 'utf8');
  return MachineSchema.parse(YAML.parse(text));
}

/** All states, those inside of maps included, with the machine that they belong to. */
export function allStates(machine: Machine): { name: string; state: State; body: Machine }[] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    { name, state, body: machine },
    ...(state.ItemProcessor === undefined ? [] : allStates(state.ItemProcessor)),
  ]);
}

/** `{ Fn::GetAtt: [StartBuildLambdaFunction, Arn] }` -> `start-build`. */
export function readFunctionName(state: Pick<State, 'Arguments'>): string | undefined {
  const parsed = z
    .object({ FunctionName: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }) })
    .safeParse(state.Arguments);
  if (!parsed.success) return undefined;
  const id = parsed.data.FunctionName['Fn::GetAtt'][0].replace(/LambdaFunction$/, '');
  return id.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

interface Run {
  readonly tasks: Readonly<Record<string, TaskStub>>;
  readonly execution: string;
  readonly path: string[];
  readonly calls: TaskCall[];
  readonly counts: Map<string, number>;
  seconds: number;
  tokens: number;
}
type Variables = Readonly<Record<string, unknown>>;
interface Scope {
  readonly outer: Variables;
  own: Variables;
  readonly map?: { readonly Item: { readonly Index: number; readonly Value: unknown } };
}

/** Longest run: a loop that does not end is a failure of the test, not of the machine. */
const MOST_STATES = 5000;

export async function runMachine(
  machine: Machine,
  input: unknown,
  tasks: Readonly<Record<string, TaskStub>>,
): Promise<RunResult> {
  const run: Run = {
    tasks,
    execution: 'arn:aws:states:eu-west-1:111122223333:execution:machine:run',
    path: [],
    calls: [],
    counts: new Map(),
    seconds: 0,
    tokens: 0,
  };
  const facts = () => ({ path: run.path, calls: run.calls, seconds: run.seconds });
  try {
    const output = await runBody(run, machine, input, { outer: {}, own: {} });
    return { status: 'SUCCEEDED', output, ...facts() };
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    return { status: 'FAILED', error: error.name, cause: error.causeText, ...facts() };
  }
}

async function runBody(run: Run, machine: Machine, input: unknown, scope: Scope): Promise<unknown> {
  let name: string | undefined = machine.StartAt;
  let value = plain(input);
  while (name !== undefined) {
    const state: State | undefined = machine.States[name];
    if (state === undefined) throw new Error(`There is no state "${name}".`);
    run.path.push(name);
    if (run.path.length > MOST_STATES) throw new Error(`The machine does not end; last state: ${name}`);
    const next: { next: string | undefined; output: unknown } = await runState(
      run,
      name,
      state,
      value,
      scope,
    );
    name = next.next;
    value = next.output;
  }
  return value;
}

async function runState(
  run: Run,
  name: string,
  state: State,
  input: unknown,
  scope: Scope,
): Promise<{ next: string | undefined; output: unknown }> {
  const context = buildContext(run, name, scope, 0);
  const seen = { input, context };
  switch (state.Type) {
    case 'Succeed':
      return { next: undefined, output: await evaluateOutput(state, seen, scope, input) };
    case 'Fail': {
      const error = String(await fillTemplate(state.Error ?? '', seen, scope));
      const cause = String(await fillTemplate(state.Cause ?? '', seen, scope));
      throw new TaskError(error, cause);
    }
    case 'Choice':
      return await choose(state, seen, scope);
    case 'Wait':
      run.seconds += Number(await fillTemplate(state.Seconds ?? 0, seen, scope));
      return await leaveState(state, seen, scope, input);
    case 'Pass':
      return await leaveState(state, seen, scope, input);
    default:
      return await attempt(run, name, state, input, scope);
  }
}

/** Task and Map: what may be retried and caught. */
async function attempt(
  run: Run,
  name: string,
  state: State,
  input: unknown,
  scope: Scope,
): Promise<{ next: string | undefined; output: unknown }> {
  const used = new Map<object, number>();
  for (let retries = 0; ; retries += 1) {
    const seen = { input, context: buildContext(run, name, scope, retries) };
    try {
      const result =
        state.Type === 'Map'
          ? await runMap(run, state, seen, scope)
          : await runTask(run, name, state, seen, scope);
      return await leaveState(state, { ...seen, result }, scope, result);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      const delay = retryDelay(state, error, used);
      if (delay !== undefined) {
        run.seconds += delay;
        continue;
      }
      const catcher = findCatcher(state, error);
      if (catcher === undefined) throw error;
      const errorOutput = { Error: error.name, Cause: error.causeText };
      const caught = { ...seen, errorOutput };
      const output =
        catcher.Output === undefined ? errorOutput : await fillTemplate(catcher.Output, caught, scope);
      await assign(catcher.Assign, caught, scope);
      return { next: catcher.Next, output };
    }
  }
}

/** The whole wait, as full jitter may choose it. */
function retryDelay(state: State, error: TaskError, used: Map<object, number>): number | undefined {
  const retrier = state.Retry?.find((candidate) => matches(candidate.ErrorEquals, error.name));
  if (retrier === undefined) return undefined;
  const count = used.get(retrier) ?? 0;
  if (count >= retrier.MaxAttempts) return undefined;
  used.set(retrier, count + 1);
  const delay = retrier.IntervalSeconds * retrier.BackoffRate ** count;
  return Math.min(delay, retrier.MaxDelaySeconds ?? delay);
}

function findCatcher(state: State, error: TaskError) {
  return state.Catch?.find((candidate) => matches(candidate.ErrorEquals, error.name));
}

function matches(names: readonly string[], error: string): boolean {
  if (names.includes(error)) return true;
  if (names.includes('States.ALL')) return !['States.DataLimitExceeded', 'States.Runtime'].includes(error);
  return names.includes('States.TaskFailed') && error !== 'States.Timeout';
}

async function runTask(
  run: Run,
  name: string,
  state: State,
  seen: StateData,
  scope: Scope,
): Promise<unknown> {
  const resource = state.Resource ?? '';
  const args = z
    .record(z.string(), z.unknown())
    .parse(await fillTemplate(state.Arguments ?? {}, seen, scope));
  const timeout = Number(await fillTemplate(state.TimeoutSeconds ?? Number.NaN, seen, scope));
  if (!Number.isInteger(timeout) || timeout <= 0)
    throw new Error(`"${name}" has no usable TimeoutSeconds: ${timeout}`);
  const call = run.counts.get(name) ?? 0;
  run.counts.set(name, call + 1);
  const payload = args.Payload ?? args.Input ?? args;
  const made: TaskCall = { state: name, resource, payload, arguments: args, call };
  run.calls.push(made);
  const stub = run.tasks[name];
  if (stub === undefined) throw new Error(`No stub answers "${name}".`);
  const answer = await callStub(stub, made, args);
  if (answer === NEVER) {
    run.seconds += timeout;
    throw new TaskError('States.Timeout', '');
  }
  if (resource.endsWith('.waitForTaskToken')) return plain(answer ?? {});
  if (resource.includes(':states:startExecution'))
    return { Output: plain(answer ?? {}), Status: 'SUCCEEDED' };
  return { StatusCode: 200, Payload: plain(answer ?? null) };
}

/** An error of a nested machine arrives as States.TaskFailed with its description in the cause (step-functions/dg/connect-stepfunctions). */
async function callStub(stub: TaskStub, call: TaskCall, args: Record<string, unknown>): Promise<unknown> {
  try {
    return await stub(call);
  } catch (error) {
    if (!(error instanceof TaskError) || !call.resource.includes(':states:startExecution')) throw error;
    const child = { Error: error.name, Cause: error.causeText, Status: 'FAILED', Name: args.Name };
    throw new TaskError('States.TaskFailed', JSON.stringify(child));
  }
}

async function runMap(run: Run, state: State, seen: StateData, scope: Scope): Promise<unknown> {
  const items = z.array(z.unknown()).parse(await fillTemplate(state.Items, seen, scope));
  const body = state.ItemProcessor;
  if (body === undefined) throw new Error('A Map needs an ItemProcessor.');
  const results: unknown[] = [];
  for (const [Index, Value] of items.entries()) {
    const inner: Scope = {
      outer: { ...scope.outer, ...scope.own },
      own: {},
      map: { Item: { Index, Value } },
    };
    const context = { ...seen.context, Map: inner.map };
    const item =
      state.ItemSelector === undefined
        ? Value
        : await fillTemplate(state.ItemSelector, { ...seen, context }, scope);
    results.push(await runBody(run, body, item, inner));
  }
  return results;
}

async function choose(state: State, seen: StateData, scope: Scope) {
  for (const choice of state.Choices ?? []) {
    const holds = z.boolean().parse(await fillTemplate(choice.Condition, seen, scope));
    if (!holds) continue;
    const output = choice.Output === undefined ? seen.input : await fillTemplate(choice.Output, seen, scope);
    await assign(choice.Assign, seen, scope);
    return { next: choice.Next, output };
  }
  if (state.Default === undefined) throw new TaskError('States.NoChoiceMatched');
  return await leaveState({ ...state, Next: state.Default }, seen, scope, seen.input);
}

async function leaveState(state: State, seen: StateData, scope: Scope, otherwise: unknown) {
  const output = await evaluateOutput(state, seen, scope, otherwise);
  await assign(state.Assign, seen, scope);
  return { next: state.Next, output };
}

async function evaluateOutput(
  state: State,
  seen: StateData,
  scope: Scope,
  otherwise: unknown,
): Promise<unknown> {
  return state.Output === undefined ? plain(otherwise) : await fillTemplate(state.Output, seen, scope);
}

async function assign(assigned: State['Assign'], seen: StateData, scope: Scope): Promise<void> {
  if (assigned === undefined) return;
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(assigned)) {
    if (name in scope.outer) throw new Error(`The variable ${name} belongs to an outer scope.`);
    values[name] = await fillTemplate(value, seen, scope);
  }
  scope.own = { ...scope.own, ...values };
}

interface StateData {
  readonly input: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly errorOutput?: { readonly Error: string; readonly Cause: string };
}

function buildContext(run: Run, state: string, scope: Scope, retries: number) {
  run.tokens += 1;
  return {
    Execution: { Id: run.execution, Name: 'run' },
    State: { Name: state, RetryCount: retries },
    Task: { Token: `token-${run.tokens}` },
    ...(scope.map === undefined ? {} : { Map: scope.map }),
  };
}

/** Fills in all expressions of a template. References to CloudFormation resources stay as they are. */
async function fillTemplate(template: unknown, seen: StateData, scope: Scope): Promise<unknown> {
  if (typeof template === 'string') {
    const expression = /^\{%(.*)%\}$/s.exec(template)?.[1];
    return expression === undefined ? template : await evaluate(expression, seen, scope);
  }
  if (Array.isArray(template)) {
    const entries: unknown[] = [];
    for (const entry of template) entries.push(await fillTemplate(entry, seen, scope));
    return entries;
  }
  if (typeof template !== 'object' || template === null) return template;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(template)) result[key] = await fillTemplate(value, seen, scope);
  return result;
}

async function evaluate(expression: string, seen: StateData, scope: Scope): Promise<unknown> {
  if (/\$(?:eval|now|millis)\b/.test(expression))
    throw new Error(`Not for state machines of ours: ${expression}`);
  const states = {
    input: seen.input,
    context: seen.context,
    ...(seen.result === undefined ? {} : { result: seen.result }),
    ...(seen.errorOutput === undefined ? {} : { errorOutput: seen.errorOutput }),
  };
  const value = await jsonata(expression).evaluate({}, { ...scope.outer, ...scope.own, states });
  if (value === undefined)
    throw new TaskError('States.QueryEvaluationError', `The expression has no value: ${expression.trim()}`);
  return plain(value);
}

/** As it would be between two states: JSON, and nothing of JSONata's own marks on arrays. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
