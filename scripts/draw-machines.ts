/**
 * Draws state machines into their READMEs, as mermaid text between two marks. `node scripts/draw-machines.ts` writes, a test compares
 * (test/statemachines/pictures.test.ts), so that a picture never shows a machine that is not.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import * as z from 'zod';

const BEGIN = '<!-- drawn from the definition by scripts/draw-machines.ts -->';
const END = '<!-- end of the drawing -->';

const StateSchema = z.looseObject({
  Type: z.string(),
  Resource: z.string().optional(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Default: z.string().optional(),
  Choices: z.array(z.looseObject({ Condition: z.string(), Next: z.string() })).default([]),
  Catch: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), Next: z.string() })).default([]),
  Error: z.string().optional(),
  MaxConcurrency: z.number().optional(),
  get ItemProcessor() {
    return MachineSchema.optional();
  },
});
const MachineSchema = z.looseObject({
  StartAt: z.string(),
  get States() {
    return z.record(z.string(), StateSchema);
  },
});
type State = z.output<typeof StateSchema>;
type Machine = z.output<typeof MachineSchema>;

/** The drawing of one definition. */
export function draw(definition: string): string {
  const machine = MachineSchema.parse(YAML.parse(definition));
  return ['```mermaid', 'flowchart TD', ...drawBody(machine, '', '  '), '```'].join('\n');
}

function drawBody(machine: Machine, scope: string, indent: string): string[] {
  const names = Object.keys(machine.States);
  const id = (name: string) => `${scope}s${names.indexOf(name)}`;
  const start = `${scope}start`;
  const nodes = names.flatMap((name) => drawState(name, machine.States[name], id(name), indent));
  const edges = names.flatMap((name) => {
    const state = machine.States[name];
    return state === undefined ? [] : listEdges(state).map(([to, label]) => arrow(id(name), id(to), label));
  });
  const first = `${start}((" ")) --> ${id(machine.StartAt)}`;
  return [...nodes, `${indent}${first}`, ...edges.map((edge) => `${indent}${edge}`)];
}

function drawState(name: string, state: State | undefined, id: string, indent: string): string[] {
  if (state === undefined) return [];
  if (state.ItemProcessor !== undefined) {
    const many = state.MaxConcurrency === 1 ? 'one after the other' : 'side by side';
    return [
      `${indent}subgraph ${id}["${name}, ${many}"]`,
      ...drawBody(state.ItemProcessor, `${id}_`, `${indent}  `),
      `${indent}end`,
    ];
  }
  return [`${indent}${id}${shape(name, state)}`];
}

function shape(name: string, state: State): string {
  switch (state.Type) {
    case 'Choice':
      return `{"${name}"}`;
    case 'Succeed':
      return `(["${name}"])`;
    case 'Fail':
      return `(["${name}${state.Error === undefined || state.Error.startsWith('{%') ? '' : `: ${state.Error}`}"])`;
    case 'Pass':
      return `["${name}"]`;
    default:
      return drawTask(name, state.Resource ?? '');
  }
}

function drawTask(name: string, resource: string): string {
  if (resource.endsWith('.waitForTaskToken')) return `[/"${name} ⏸"/]`;
  return resource.includes(':states:startExecution') ? `[["${name}"]]` : `["${name}"]`;
}

function listEdges(state: State): [to: string, label: string | undefined][] {
  const caught = new Map<string, string[]>();
  for (const { ErrorEquals, Next } of state.Catch) {
    caught.set(Next, [...(caught.get(Next) ?? []), ...ErrorEquals]);
  }
  return [
    ...state.Choices.map(({ Condition, Next }): [string, string] => [Next, simplifyCondition(Condition)]),
    ...(state.Default === undefined ? [] : [[state.Default, 'otherwise'] satisfies [string, string]]),
    ...(state.Next === undefined ? [] : [[state.Next, undefined] satisfies [string, undefined]]),
    ...[...caught].map(([to, errors]): [string, string] => [
      to,
      errors.includes('States.ALL') ? 'any error' : errors.join(', '),
    ]),
  ];
}

/** `{% $states.input.open %}` -> `open`. */
function simplifyCondition(condition: string): string {
  return condition
    .replace(/^\{%|%\}$/g, '')
    .replaceAll('$states.input.', '')
    .replaceAll('"', "'")
    .trim();
}

function arrow(from: string, to: string, label: string | undefined): string {
  if (label === undefined) return `${from} --> ${to}`;
  return label === 'any error' ? `${from} -. any error .-> ${to}` : `${from} -- "${label}" --> ${to}`;
}

/** The README with its drawing as the definition has it now; undefined where it has no marks. */
export function redraw(readme: string, definition: string): string | undefined {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) return undefined;
  return `${readme.slice(0, begin)}${BEGIN}\n\n${draw(definition)}\n\n${readme.slice(end)}`;
}

/** Machines whose README holds a drawing. */
export function listDrawnMachines(root: string): { readme: string; definition: string }[] {
  const folder = join(root, 'statemachines');
  return readdirSync(folder)
    .map((name) => ({
      readme: join(folder, name, 'README.md'),
      definition: join(folder, name, `${name}.asl.yml`),
    }))
    .filter(({ readme }) => existsSync(readme) && readFileSync(readme, 'utf8').includes(BEGIN));
}

if (process.argv[1]?.endsWith('draw-machines.ts')) {
  for (const { readme, definition } of listDrawnMachines(process.cwd())) {
    const text = redraw(readFileSync(readme, 'utf8'), readFileSync(definition, 'utf8'));
    if (text !== undefined) writeFileSync(readme, text);
  }
}
