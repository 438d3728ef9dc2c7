import type { Commands } from '../../../shared/ports/commands.ts';

type Answer = Awaited<ReturnType<Commands['status']>>;
type Sent = Parameters<Commands['send']>[0];

export interface FakeCommands extends Commands {
  readonly sent: Map<string, Sent>;
  /** Until then a command runs. */
  answer(command: string, answer: Partial<Extract<Answer, { state: 'ended' }>>): void;
}

export function fakeCommands(): FakeCommands {
  const sent = new Map<string, Sent>();
  const answers = new Map<string, Answer>();
  return {
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
      return answers.get(command) ?? { state: 'running' };
    },
  };
}
