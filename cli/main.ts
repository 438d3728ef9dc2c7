import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { PIPELINE_NAME } from '../shared/domain/selectors/pipeline.ts';
import { apiClient } from './api-client.ts';
import { bake, cancel, retry, submitDecision } from './commands/bakes.ts';
import { type CleanUpOptions, cleanUp } from './commands/clean-up.ts';
import type { CommandContext } from './commands/context.ts';
import { apply, init, validate } from './commands/definitions.ts';
import { explain } from './commands/explain.ts';
import { graph } from './commands/graph.ts';
import { type ImportOptions, importImageBuilder } from './commands/import.ts';
import { mail } from './commands/mail.ts';
import { confirm, disable, enable, remove, waves } from './commands/pipelines.ts';
import { plan } from './commands/plan.ts';
import { status } from './commands/status.ts';
import { checkTargets, printTemplate } from './commands/targets.ts';
import { findEndpoint, readLocalState } from './endpoint.ts';
import { CommandFailed, describeProblem, EXIT, type ExitCode } from './exit.ts';
import { createOutput } from './output.ts';

interface Globals {
  readonly apiUrl?: string;
  readonly as?: string;
  readonly json?: boolean;
  readonly team?: string;
}

const EXIT_HELP = `
Exit codes: 0 done, 1 failed or refused, 2 wrong usage or invalid input, 3 not
found, 4 conflict, 5 the service cannot be reached.

The service is found by --api-url, OVENBIRD_API_URL, or a local cloud that
runs (npm start). Calls are signed with the default AWS credentials.`;

function createProgram(finish: (code: ExitCode) => void): Command {
  const program = new Command('ovenbird')
    .description('Keeps machine images fresh.')
    .option('--api-url <url>', 'base URL of the API (output ApiUrl of the stack)')
    .option('--team <team>', 'team of the pipeline; found by its name if not given')
    .option('--as <name>', 'person of the local cloud to be; on AWS use AWS_PROFILE')
    .option('--json', 'print data as JSON')
    .addHelpText('after', EXIT_HELP)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  const run =
    (act: (context: CommandContext, ...args: never[]) => ExitCode | Promise<ExitCode>) =>
    async (...args: unknown[]) =>
      finish(await act(createContext(program.opts<Globals>()), ...(args as never[])));

  program
    .command('init')
    .description('write a definition to begin with')
    .argument('<name>', 'name of the pipeline', parsePipelineName)
    .action(run((context, name: string) => init(context, name)));
  program
    .command('validate')
    .description('check definitions; nothing is sent')
    .argument('<files...>', 'definition files')
    .action(run((context, files: string[]) => validate(context, files)));
  program
    .command('apply')
    .description('store definitions as new revisions, parents first')
    .argument('<files...>', 'definition files')
    .action(run((context, files: string[]) => apply(context, files)));
  program
    .command('plan')
    .description('say what would bake; nothing is written')
    .argument('[files...]', 'definitions that would be applied')
    .option('--change <selector=version>', 'a version that would change; may be repeated', collectOption, [])
    .action(run((context, files: string[], options: { change: string[] }) => plan(context, files, options)));
  program
    .command('bake')
    .description('ask for a bake')
    .argument('<name>', 'pipeline')
    .option('--force', 'bake although it is up to date or was refused')
    .option('--wait', 'wait for the end; exit code 1 when it is not released')
    .action(run((context, name: string, options: object) => bake(context, name, options)));
  program
    .command('status')
    .description('show pipelines, bakes and approvals')
    .argument('[name]', 'pipeline')
    .option('--bakes', 'bakes, the newest first')
    .option('--bake <id>', 'one bake with its steps')
    .option('--approvals', 'what waits for approval')
    .option('--limit <n>', 'how many bakes', parseCount, 20)
    .action(run((context, name: string | undefined, options) => status(context, name, options)));
  program
    .command('explain')
    .description('say why a pipeline was baked, why it does not bake, and what would make it')
    .argument('<name>', 'pipeline')
    .action(run((context, name: string) => explain(context, name)));
  program
    .command('graph')
    .description('show who is built on what, as mermaid text')
    .option('--upstream <name>', 'only this pipeline and what it is built on', parsePipelineName)
    .option('--downstream <name>', 'only this pipeline and what is built on it', parsePipelineName)
    .action(run((context, options: object) => graph(context, options)));
  program
    .command('enable')
    .description('turn automatic bakes of a pipeline on again')
    .argument('<name>', 'pipeline')
    .action(run((context, name: string) => enable(context, name)));
  program
    .command('disable')
    .description('turn automatic bakes of a pipeline off')
    .argument('<name>', 'pipeline')
    .option('--reason <text>', 'what others should know', '')
    .action(run((context, name: string, options: { reason: string }) => disable(context, name, options)));
  program
    .command('delete')
    .description('delete a pipeline that nothing is built on')
    .argument('<name>', 'pipeline')
    .action(run((context, name: string) => remove(context, name)));
  program
    .command('waves')
    .description('show changes whose waves wait for a confirmation')
    .action(run((context) => waves(context)));
  program
    .command('confirm')
    .description('let a wave start')
    .argument('<change>', 'id of the change')
    .action(run((context, id: string) => confirm(context, id)));
  const targets = program.command('targets').description('onboard accounts that images are distributed to');
  targets
    .command('template')
    .description('print the template of a target, for a stack or a StackSet')
    .action(run((context) => printTemplate(context)));
  targets
    .command('check')
    .description('say of each account and region what is missing; exit code 1 when anything is')
    .argument('[account]', 'only this account')
    .action(run((context, account: string | undefined) => checkTargets(context, account)));
  program
    .command('approve')
    .description('approve an image')
    .argument('<id>', 'bake or approval request')
    .option('--comment <text>', 'what you want to be remembered', '')
    .action(
      run((context, id: string, { comment }: { comment: string }) =>
        submitDecision(context, id, 'approve', comment),
      ),
    );
  program
    .command('reject')
    .description('reject an image')
    .argument('<id>', 'bake or approval request')
    .requiredOption('--comment <text>', 'the reason')
    .action(
      run((context, id: string, { comment }: { comment: string }) =>
        submitDecision(context, id, 'reject', comment),
      ),
    );
  program
    .command('cancel')
    .description('end a bake before its release')
    .argument('<id>', 'bake')
    .action(run((context, id: string) => cancel(context, id)));
  program
    .command('retry')
    .description('try a bake again that ended without a release')
    .argument('<id>', 'bake')
    .option('--force', 'start even in a freeze window')
    .action(run((context, id: string, { force }: { force?: true }) => retry(context, id, force === true)));
  program
    .command('clean-up')
    .description('say which releases end, or keep one')
    .argument('[name]', 'only this pipeline', parsePipelineName)
    .option('--dry-run', 'what would go, why, and what it saves')
    .option('--keep <release>', 'keep a release, whatever the definition says')
    .option('--let-go <release>', 'let the definition decide again')
    .action(
      run((context, name: string | undefined, options: CleanUpOptions) => cleanUp(context, name, options)),
    );
  program
    .command('mail')
    .description('read the mails of the local cloud, links to approvals among them')
    .argument('[number]', 'one mail, in full', parseNumber)
    .option('--to <address>', 'only mails to this address')
    .action(
      run((context, number: number | undefined, options: { to?: string }) =>
        mail(context, number, { ...options, endpoint: readLocalState(process.env)?.endpoint }),
      ),
    );
  program
    .command('import')
    .description('write definitions for what another system has')
    .command('image-builder')
    .description('pipelines of EC2 Image Builder; nothing is changed there')
    .option('--out <dir>', 'folder for the definitions', 'pipelines')
    .option('--region <region>', 'region to read, else AWS_REGION')
    .option('--profile <name>', 'profile of your AWS configuration')
    .option('--force', 'overwrite files that exist')
    .action(run((context, options: ImportOptions) => importImageBuilder(context, options)));
  return program;
}

function createContext(globals: Globals): CommandContext {
  const out = createOutput(globals.json ?? false, process);
  return {
    out,
    team: globals.team,
    api: async () =>
      apiClient(await findEndpoint({ apiUrl: globals.apiUrl, as: globals.as, env: process.env })),
    pause: (seconds) => sleep(seconds * 1000),
    now: () => new Date(),
  };
}

function parsePipelineName(text: string): string {
  if (PIPELINE_NAME.test(text)) return text;
  throw new InvalidArgumentError('It must be 3 to 40 of a-z, 0-9 and "-", and start with a letter.');
}

function collectOption(text: string, before: string[]): string[] {
  return [...before, text];
}

function parseCount(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 100) return number;
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
}

function parseNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be the number of a mail.');
}

async function main(): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = createProgram((finished) => {
    code = finished;
  });
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    // Commander has printed help or what is wrong with the usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalid;
    if (error instanceof CommandFailed) {
      const { json = false } = program.opts<Globals>();
      const out = createOutput(json, process);
      if (json)
        process.stdout.write(`${JSON.stringify({ error: error.message, problems: error.problems })}\n`);
      else for (const problem of error.problems) out.remark(describeProblem(problem));
      out.remark(`ovenbird: ${error.message}`);
      return error.exitCode;
    }
    throw error;
  }
}

process.exitCode = await main();
