const { existsSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const YAML = require('yaml');

/** The command that creates or changes something at AWS: there a missing value stops everything before it begins. */
const CREATES = 'deploy';

/** The policy of an event bus has at most 10,240 bytes, which are about 240 principals (eventbridge/latest/userguide/eb-quota). */
const MOST_ACCOUNTS = 200;

function readYaml(path) {
  return YAML.parse(readFileSync(path, 'utf8')) ?? {};
}

/** The file with a stage's values: parameters/<stage>.yml, or the one that OVENBIRD_PARAMETERS names. */
function valuesFile(root, stage) {
  const named = process.env.OVENBIRD_PARAMETERS;
  if (named !== undefined && named !== '') {
    const path = resolve(root, named);
    if (!existsSync(path)) throw new Error(`OVENBIRD_PARAMETERS names ${named}, which does not exist.`);
    return path;
  }
  const path = join(root, 'parameters', `${stage}.yml`);
  return existsSync(path) ? path : undefined;
}

function asText(value) {
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** What CloudFormation asks of a value, each with the words for it. Our numbers are counts, so they are whole. */
const CONSTRAINTS = [
  {
    asked: ({ Type }) => (Type === 'Number' ? 'a whole number' : undefined),
    holds: (value) => /^-?\d+$/.test(value),
    says: (what) => `must be ${what}`,
  },
  {
    asked: ({ MinValue }) => MinValue,
    holds: (value, least) => Number(value) >= least,
    says: (least) => `must be at least ${least}`,
  },
  {
    asked: ({ MaxValue }) => MaxValue,
    holds: (value, most) => Number(value) <= most,
    says: (most) => `must be at most ${most}`,
  },
  {
    asked: ({ AllowedValues }) => AllowedValues,
    holds: (value, allowed) => allowed.map(String).includes(value),
    says: (allowed) => `must be one of ${allowed.join(', ')}`,
  },
  {
    asked: ({ MinLength }) => MinLength,
    holds: (value, least) => value.length >= least,
    says: (least) => `must have at least ${least} characters`,
  },
  {
    asked: ({ MaxLength }) => MaxLength,
    holds: (value, most) => value.length <= most,
    says: (most) => `must have at most ${most} characters`,
  },
  {
    asked: ({ AllowedPattern }) => AllowedPattern,
    holds: (value, pattern) => new RegExp(`^(?:${pattern})$`).test(value),
    says: (pattern) => `must match ${pattern}`,
  },
];

/** What is wrong with a value, or undefined. List parameters are checked entry by entry, as CloudFormation does. */
function problemWith(declaration, value) {
  const entries =
    declaration.Type === 'CommaDelimitedList' ? value.split(',').map((entry) => entry.trim()) : [value];
  for (const { asked, holds, says } of CONSTRAINTS) {
    const limit = asked(declaration);
    if (limit === undefined) continue;
    const wrong = entries.find((entry) => !holds(entry, limit));
    if (wrong !== undefined) return `"${wrong}" ${declaration.ConstraintDescription ?? says(limit)}`;
  }
  return undefined;
}

/** The Serverless CLI prints the stack of what a variable throws; a user is helped by the message alone. */
function plainError(message) {
  const error = new Error(message);
  error.stack = message;
  return error;
}

/**
 * The chosen values by parameter. They become the defaults of the packaged template's parameters: the Serverless CLI creates the stack with
 * its bucket alone first, and CloudFormation refuses values for parameters that a template does not declare. `deploy` is refused, before
 * anything is created, when a value is missing or malformed or the credentials are of another account; `package` does without and says so.
 */
async function chosenParameters({ root, stage, command, options, resolveVariable }) {
  const declared = readYaml(join(root, 'resources', 'parameters.yml')).Parameters;
  const file = valuesFile(root, stage);
  const fromFile = file === undefined ? {} : readYaml(file);
  const given = new Map(Object.entries(fromFile).map(([name, value]) => [name, asText(value)]));
  for (const entry of options.param ?? []) {
    const [name, ...rest] = entry.split('=');
    given.set(name, rest.join('='));
  }

  const problems = [...given.keys()]
    .filter((name) => declared[name] === undefined)
    .map((name) => `${name}: there is no such parameter; known are ${Object.keys(declared).join(', ')}`);
  const missing = [];
  const chosen = new Map();
  for (const [name, declaration] of Object.entries(declared)) {
    const value = given.get(name);
    if (value === undefined) {
      if (declaration.Default === undefined) missing.push(`${name}: ${declaration.Description}`);
      continue;
    }
    const problem = problemWith(declaration, value);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
    chosen.set(name, value);
  }

  const text = (name) => chosen.get(name) ?? declared[name]?.Default ?? '';
  const accounts = text('TargetAccounts') === '' ? [] : text('TargetAccounts').split(',');
  if (accounts.length > MOST_ACCOUNTS)
    problems.push(
      `TargetAccounts: ${accounts.length} accounts, at most ${MOST_ACCOUNTS}; give OrganizationId instead`,
    );
  if (text('OrganizationalUnitPaths') !== '' && text('OrganizationId') === '')
    problems.push('OrganizationalUnitPaths: needs OrganizationId, whose units they are');
  if (command === CREATES) {
    if (declared.TargetAccounts !== undefined && accounts.length === 0 && text('OrganizationId') === '')
      missing.push(
        'TargetAccounts: the accounts that images may be distributed to, or OrganizationId in its place',
      );
    problems.push(...missing.map((text) => `${text} (missing)`));
    const account = given.get('ControlAccount');
    if (problems.length === 0 && account !== undefined) {
      const actual = String(await resolveVariable('aws:accountId'));
      if (actual !== account)
        problems.push(`ControlAccount: you chose ${account}, but these credentials belong to ${actual}`);
    }
  }
  if (command === 'package' && missing.length > 0) {
    process.stderr.write(
      `Packaged without values for ${missing.map((text) => text.split(':')[0]).join(', ')}; deploy asks for them.\n`,
    );
  }
  if (problems.length > 0) {
    throw plainError(
      [
        'Nothing was created. These parameters need your attention:',
        ...problems.map((problem) => `  - ${problem}`),
        `Give them as --param="Name=value", or in parameters/${stage}.yml. See docs/operations/deploy.md`,
      ].join('\n'),
    );
  }
  return chosen;
}

module.exports = { chosenParameters };
