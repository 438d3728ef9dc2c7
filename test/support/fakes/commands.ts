import type { Package } from '../../../shared/domain/packages/inventory.ts';
import type { Commands } from '../../../shared/ports/commands.ts';
import { printInventory } from '../print-inventory.ts';

type Answer = Awaited<ReturnType<Commands['status']>>;
type Sent = Parameters<Commands['send']>[0];

export interface FakeCommands extends Commands {
  /** What a command that reads packages finds; undefined: it is answered like any other. */
  packages: readonly Package[] | undefined;
  readonly sent: Map<string, Sent>;
  /** Until then a command runs. */
  answer(command: string, answer: Partial<Extract<Answer, { state: 'ended' }>>): void;
}

export function fakeCommands(): FakeCommands {
  const sent = new Map<string, Sent>();
  const answers = new Map<string, Answer>();
  const commands: FakeCommands = {
    packages: [{ name: 'bash', version: '5.2' }],
    sent,
    answer: (command, answer) =>
      answers.set(command, {
        state: 'ended',
        status: 'passed',
        exitCode: 0,
        stdout: '',
        stderr: '',
        ...answer,
      }),
    async send(request) {
      const command = `command-${sent.size + 1}`;
      sent.set(command, request);
      return { command };
    },
    async status(command) {
      const page = /^printf 'ovenbird-inventory ([0-9]+) /m.exec(sent.get(command)?.script ?? '')?.[1];
      if (page === undefined || commands.packages === undefined)
        return answers.get(command) ?? { state: 'running' };
      const stdout = printInventory(commands.packages, Number(page));
      return { state: 'ended', status: 'passed', exitCode: 0, stdout, stderr: '' };
    },
  };
  return commands;
}
