const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const YAML = require('yaml');
const { deadLetterAlarms } = require('./alarms.cjs');
const { functionRole, machineRole } = require('./roles.cjs');
const { withoutMachineReferences } = require('./references.cjs');

const SERVICE = 'ovenbird';
const LOG_RETENTION_DAYS = 90;

function readYaml(path) {
  try {
    return YAML.parse(readFileSync(path, 'utf8')) ?? {};
  } catch (cause) {
    throw new Error(`${path}: ${cause.message}`, { cause });
  }
}

/** Folders that hold the file, in alphabetical order; a folder that is still without it is left out. */
function foldersWith(root, parent, fileOf) {
  const path = join(root, parent);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(path, entry.name, fileOf(entry.name))))
    .map((entry) => entry.name)
    .sort();
}

function camel(name) {
  return name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** `start-build` -> `StartBuild`: the logical ids are `StartBuildLambdaFunction` and `StartBuildRole`, for machines `BakeMachine` and `BakeMachineRole`. */
function pascal(name) {
  const text = camel(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function machineNames(root, stage) {
  const names = foldersWith(root, 'statemachines', (name) => `${name}.asl.yml`);
  return new Map(names.map((name) => [`${pascal(name)}Machine`, `${SERVICE}-${stage}-${name}`]));
}

/** A `schedule` becomes a rule of EventBridge that has a dead-letter queue, which the CLI's own `schedule` cannot have. */
function withDeadLetters(event) {
  if (event.schedule === undefined) return [event];
  const { rate, input, enabled } =
    typeof event.schedule === 'string' ? { rate: event.schedule } : event.schedule;
  return [rate].flat().map((schedule) => ({
    eventBridge: {
      schedule,
      ...(input === undefined ? {} : { input }),
      ...(enabled === undefined ? {} : { enabled }),
      deadLetterQueueArn: { 'Fn::GetAtt': ['ScheduleDeadLetterQueue', 'Arn'] },
    },
  }));
}

/** Written by scripts/generate-roles.ts from what the functions and the machines use. */
function readGenerated(root, name) {
  return readYaml(join(root, 'resources', 'generated', name));
}

function findStatements(roles, id) {
  if (roles[id] === undefined)
    throw new Error(`There is no ${id} in resources/generated; npm run generate makes it.`);
  return roles[id];
}

function collectFunctions(root, stage) {
  const machines = machineNames(root, stage);
  const roles = readGenerated(root, 'roles.yml');
  const variables = readGenerated(root, 'environment.yml');
  const functions = {};
  const resources = {};
  for (const folder of foldersWith(root, 'functions', () => 'function.yml')) {
    const file = join('functions', folder, 'function.yml');
    const { ports: _, environment = {}, ...declared } = readYaml(join(root, file));
    const name = `${SERVICE}-${stage}-${folder}`;
    const roleId = `${pascal(folder)}Role`;
    functions[camel(folder)] = {
      ...withoutMachineReferences(
        { ...declared, environment: { ...environment, ...variables[folder] } },
        machines,
      ),
      events: (declared.events ?? []).flatMap(withDeadLetters),
      name,
      role: roleId,
      // Source maps and build reports stay beside the bundles in .esbuild/, out of what is deployed.
      package: { patterns: ['!**/*.map', '!**/*-meta.json'] },
    };
    resources[roleId] = functionRole(withoutMachineReferences(findStatements(roles, roleId), machines));
  }
  return { functions, resources };
}

function collectMachines(root, stage) {
  const machines = machineNames(root, stage);
  const roles = readGenerated(root, 'roles.yml');
  const stateMachines = {};
  const resources = {};
  for (const folder of foldersWith(root, 'statemachines', (folder) => `${folder}.asl.yml`)) {
    const id = `${pascal(folder)}Machine`;
    const name = `${SERVICE}-${stage}-${folder}`;
    const logGroupId = `${id}LogGroup`;
    stateMachines[camel(folder)] = {
      id,
      name,
      role: { 'Fn::GetAtt': [`${id}Role`, 'Arn'] },
      // Errors only and no payloads: executions carry ids, and what they say is in the table.
      loggingConfig: {
        level: 'ERROR',
        includeExecutionData: false,
        destinations: [{ 'Fn::GetAtt': [logGroupId, 'Arn'] }],
      },
      tracingConfig: { enabled: true },
      definition: readYaml(join(root, 'statemachines', folder, `${folder}.asl.yml`)),
    };
    resources[`${id}Role`] = machineRole(
      withoutMachineReferences(findStatements(roles, `${id}Role`), machines),
    );
    // The prefix keeps the account's log resource policy from growing with every machine (step-functions/dg/bp-cwl).
    resources[logGroupId] = {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/vendedlogs/states/${name}`, RetentionInDays: LOG_RETENTION_DAYS },
    };
  }
  return { stateMachines, resources };
}

/** What programs outside the stack ask for by name, where the resource is there and its file gives no output of its own. */
const OUTPUTS = {
  TableName: ['Table', { Ref: 'Table' }],
  EvidenceBucketName: ['EvidenceBucket', { Ref: 'EvidenceBucket' }],
  BusName: ['Bus', { Ref: 'Bus' }],
  HintQueueUrl: ['HintQueue', { Ref: 'HintQueue' }],
  ReconcileQueueUrl: ['ReconcileQueue', { Ref: 'ReconcileQueue' }],
  WakeQueueUrl: ['WakeQueue', { Ref: 'WakeQueue' }],
  NotificationTopicArn: ['NotificationTopic', { Ref: 'NotificationTopic' }],
  ApprovalTopicArn: ['ApprovalTopic', { Ref: 'ApprovalTopic' }],
};

/** All of resources/*.yml but whole templates of their own (target-account.yml), and what functions and machines bring. */
function collectResources(root, stage, values = new Map()) {
  const machines = machineNames(root, stage);
  const merged = { Parameters: {}, Conditions: {}, Resources: {}, Outputs: {} };
  const add = (file, section, entries) => {
    for (const [id, entry] of Object.entries(entries ?? {})) {
      if (merged[section][id] !== undefined)
        throw new Error(`${file}: ${section}.${id} is declared a second time.`);
      merged[section][id] = entry;
    }
  };
  const folder = join(root, 'resources');
  for (const name of readdirSync(folder)
    .filter((entry) => entry.endsWith('.yml'))
    .sort()) {
    const file = `resources/${name}`;
    const parts = readYaml(join(folder, name));
    if (parts.AWSTemplateFormatVersion !== undefined) continue;
    const unknown = Object.keys(parts).filter((section) => merged[section] === undefined);
    if (unknown.length > 0) throw new Error(`${file}: ${unknown.join(', ')} is no section that is merged.`);
    for (const section of Object.keys(merged))
      add(file, section, withoutMachineReferences(parts[section], machines));
  }
  add('functions', 'Resources', collectFunctions(root, stage).resources);
  add('statemachines', 'Resources', collectMachines(root, stage).resources);
  add('scripts/service/alarms.cjs', 'Resources', deadLetterAlarms(merged.Resources));
  for (const [name, [id, Value]] of Object.entries(OUTPUTS)) {
    if (merged.Resources[id] !== undefined && merged.Outputs[name] === undefined)
      merged.Outputs[name] = { Value };
  }
  for (const [name, value] of values)
    merged.Parameters[name] = { ...merged.Parameters[name], Default: value };
  return Object.fromEntries(Object.entries(merged).filter(([, entries]) => Object.keys(entries).length > 0));
}

module.exports = { collectFunctions, collectMachines, collectResources, pascal, SERVICE };
