const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const validateDefinition = require('asl-validator');
const YAML = require('yaml');
const { deadLetterAlarms } = require('./alarms.cjs');
const { loopExtensions } = require('./loops.cjs');
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

/** Service integrations are of the partition that the machine runs in (step-functions/latest/dg/connect-to-resource). */
function inOwnPartition(value) {
  if (typeof value === 'string')
    return value.replace(/^arn:aws:states:::/, `arn:\${AWS::Partition}:states:::`);
  if (Array.isArray(value)) return value.map(inOwnPartition);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inOwnPartition(entry)]));
}

/** Checked here: the plugin would check the definition after the partition is put in, and knows none but `aws`. */
function readDefinition(path) {
  const definition = readYaml(path);
  const { isValid, errorsText } = validateDefinition(definition);
  if (!isValid) throw new Error(`${path}: ${errorsText()}`);
  return inOwnPartition(definition);
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
      definition: readDefinition(join(root, 'statemachines', folder, `${folder}.asl.yml`)),
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

/** Rules that hear of nothing but what was chosen: a service tells of every object of each bucket whose events are on, and of every parameter. */
function limitRules({ Resources }, values) {
  const list = (name) => [...new Set((values.get(name) ?? '').split(',').filter((entry) => entry !== ''))];
  const limit = (id, detail) => Object.assign(Resources[id].Properties.EventPattern.detail, detail);
  const buckets = new Set(list('SourceObjects').map((arn) => arn.split(':::')[1].split('/')[0]));
  limit('SourceChangedRule', { bucket: { name: buckets.size === 0 ? ['no-bucket'] : [...buckets] } });
  const prefixes = list('ParameterPrefixes');
  if (prefixes.length > 0) limit('ParameterChangedRule', { name: prefixes.map((prefix) => ({ prefix })) });
}

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
  limitRules(merged, values);
  for (const parameter of Object.values(merged.Parameters))
    if (typeof parameter.Default === 'string')
      parameter.Default = parameter.Default.replace('{stage}', stage);
  for (const [name, value] of values)
    merged.Parameters[name] = { ...merged.Parameters[name], Default: value };
  const extensions = loopExtensions(listFunctions(root), readGenerated(root, 'roles.yml'));
  return {
    ...Object.fromEntries(Object.entries(merged).filter(([, entries]) => Object.keys(entries).length > 0)),
    extensions,
  };
}

/** Each function by the beginning of its logical ids, with the name of its role and its events. */
function listFunctions(root) {
  return foldersWith(root, 'functions', () => 'function.yml').map((folder) => [
    pascal(folder),
    {
      name: `${pascal(folder)}Role`,
      events: readYaml(join(root, 'functions', folder, 'function.yml')).events,
    },
  ]);
}

module.exports = { collectFunctions, collectMachines, collectResources, pascal, SERVICE };
