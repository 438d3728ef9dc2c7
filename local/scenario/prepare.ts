import { Mailbox } from './mailbox.ts';
import type { Scenario } from './schema.ts';
import { createComponent, declareCommand, listRegions, type ScenarioContext } from './timeline.ts';

/** Everything that exists before the timeline begins: base images, components, declared command results, mailboxes. */
export async function prepareCloud(context: ScenarioContext): Promise<void> {
  const { scenario, cloud } = context;
  const regions = listRegions(scenario);
  for (const base of scenario.bases) await cloud.control.imageServices('publish-base', { ...base, regions });
  for (const { file, ...effect } of scenario.components) {
    await cloud.control.imageServices('declare-component', effect);
    if (file !== undefined)
      await createComponent(context, { name: effect.name, version: effect.version, file });
  }
  for (const command of scenario.commands) await declareCommand(context, command);
}

export interface Mailboxes {
  /** One for each approver: what the filter policy lets through to their address. */
  readonly approvers: readonly Mailbox[];
  /** A subscriber without a filter, who gets every notification. */
  readonly everybody: Mailbox;
}

export async function openMailboxes(
  scenario: Scenario,
  context: Pick<ScenarioContext, 'cloud'>,
  topics: { notification: string; approval: string },
): Promise<Mailboxes> {
  const client = context.cloud.clientConfig();
  const account = context.cloud.controlAccount;
  const everybody = await Mailbox.open({
    client,
    account,
    topicArn: topics.notification,
    name: 'mailbox-everybody',
    to: 'everybody@example.com',
  });
  const approvers = await Promise.all(
    scenario.approvers.map((approver, index) =>
      Mailbox.open({
        client,
        account,
        topicArn: topics.approval,
        name: `mailbox-approver-${index + 1}`,
        to: approver,
        filter: { approver: [approver] },
      }),
    ),
  );
  return { approvers, everybody };
}
