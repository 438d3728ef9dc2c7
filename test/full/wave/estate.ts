/** Fifty pipelines on five levels, as files that the scenario runner takes. Nothing in it is random: who is built on whom is arithmetic. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface Node {
  readonly name: string;
  readonly level: number;
  readonly parents: readonly string[];
  readonly hasAgent: boolean;
}

const WIDTHS = [1, 4, 9, 16, 20];
const BASE = '/aws/service/wave/current';
const AGENT = 'wave-agent';
/** What the scenario publishes, one after the other. */
export const BASE_IMAGES = ['wave-base-1', 'wave-base-2'] as const;
export const AGENT_VERSIONS = ['1.0.0', '1.1.0'] as const;
export const AGENT_PATTERN = '1.x.x';

/** The base is built on a public parameter; below it each has one base, and every fifth of the last level depends on a second image. */
export function estate(): Node[] {
  const levels: Node[][] = [];
  WIDTHS.forEach((width, level) => {
    const above = levels[level - 1] ?? [];
    const nodes = Array.from({ length: width }, (_, index): Node => {
      const parent = above[index % Math.max(1, above.length)]?.name;
      const second = level === 4 && index % 5 === 0 ? above[(index + 7) % above.length]?.name : undefined;
      return {
        name: `wave-${level}-${String(index).padStart(2, '0')}`,
        level,
        parents: [parent, second].filter((name) => name !== undefined),
        hasAgent: (level === 2 && index < 3) || (level === 4 && index % 4 === 0),
      };
    });
    levels.push(nodes);
  });
  return levels.flat();
}

function buildDefinition({ name, parents, hasAgent, level }: Node): unknown {
  const [base, ...inputs] = parents;
  return {
    apiVersion: 'ovenbird.dev/v1',
    name,
    base: base === undefined ? { ssm: BASE } : { pipeline: base },
    ...(hasAgent ? { components: [{ component: `${AGENT}/${AGENT_PATTERN}` }] } : {}),
    ...(inputs.length > 0 ? { inputs: inputs.map((pipeline) => ({ pipeline })) } : {}),
    tests: { suites: [{ name: 'boots', script: 'true' }] },
    approval: { required: false },
    ...(level === 0
      ? { distribution: { targets: [{ account: '444455556666', regions: ['eu-west-1'] }] } }
      : {}),
    triggers: { debounce: '1s' },
  };
}

const HINT_EVENT_TYPES = ['Parameter Store Change', 'AWS API Call via CloudTrail'];
const SHARE = 30;

/** Writes the files into a folder of their own. Answers the path of the scenario. */
export function writeScenario(nodes: readonly Node[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ovenbird-wave-'));
  for (const sub of ['pipelines', 'components']) mkdirSync(join(folder, sub));
  for (const node of nodes)
    writeFileSync(join(folder, 'pipelines', `${node.name}.yml`), stringify(buildDefinition(node)));
  for (const version of AGENT_VERSIONS)
    writeFileSync(
      join(folder, 'components', `agent-${version}.yml`),
      stringify({
        name: AGENT,
        description: `Agent ${version}`,
        schemaVersion: 1,
        phases: [
          {
            name: 'build',
            steps: [
              {
                name: 'Install',
                action: 'ExecuteBash',
                inputs: { commands: [`dnf --assumeyes install agent-${version}`] },
              },
            ],
          },
        ],
      }),
    );
  const inventory = (version: string) => [{ name: 'kernel', version }];
  const [firstBase, nextBase] = BASE_IMAGES;
  const [firstAgent, nextAgent] = AGENT_VERSIONS;
  const middle = nodes.filter(({ level }) => level === 2)[4]?.name ?? '';
  const scenario = {
    name: 'wave',
    description:
      'A base moves, and a component in the middle of the wave; three in ten messages are lost, three in ten come twice.',
    speed: 2000,
    control: { account: '111122223333', region: 'eu-west-1' },
    targets: [{ account: '444455556666', regions: ['eu-west-1'] }],
    bases: [{ parameter: BASE, name: firstBase, inventory: inventory('6.1.1') }],
    components: [
      {
        name: AGENT,
        version: firstAgent,
        file: `components/agent-${firstAgent}.yml`,
        adds: [{ name: 'agent', version: firstAgent }],
      },
      { name: AGENT, version: nextAgent, adds: [{ name: 'agent', version: nextAgent }] },
    ],
    commands: [{ match: { suite: 'boots' }, status: 'Success', stdout: 'booted' }],
    timeline: [
      { do: { apply: nodes.map(({ name }) => `pipelines/${name}.yml`) } },
      ...HINT_EVENT_TYPES.flatMap((detailType) => [
        { do: { failEvents: { detailType, effect: 'lose', percent: SHARE } } },
        { do: { failEvents: { detailType, effect: 'repeat', percent: SHARE } } },
      ]),
      { do: { tick: { function: 'resync-selectors', every: 10 } } },
      { do: { tick: { function: 'sweep-work', every: 10 } } },
      {
        when: { released: { pipeline: nodes.at(-1)?.name ?? '' }, quiet: true },
        within: 300,
        do: { publishBase: { parameter: BASE, name: nextBase, inventory: inventory('6.1.2') } },
      },
      {
        when: { released: { pipeline: middle, times: 2 } },
        within: 200,
        do: {
          publishComponent: { name: AGENT, version: nextAgent, file: `components/agent-${nextAgent}.yml` },
        },
      },
    ],
    deadline: 560,
    expect: [{ fresh: true }, { everyTarget: true }, { nothingLeftBehind: true }, { nothingDenied: true }],
  };
  const file = join(folder, 'scenario.yml');
  writeFileSync(file, stringify(scenario));
  return file;
}
