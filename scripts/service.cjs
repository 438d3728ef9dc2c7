/**
 * What serverless.yml includes: functions, state machines, their roles and all resources, collected from the folders where they live
 * (functions, statemachines, resources), and the parameters that the user has chosen.
 */
const { collectFunctions, collectMachines, collectResources } = require('./service/collect.cjs');
const { chosenParameters } = require('./service/parameters.cjs');

const root = require('node:path').resolve(__dirname, '..');

async function stageOf(resolveConfigurationProperty) {
  return String(await resolveConfigurationProperty(['provider', 'stage']));
}

module.exports = {
  functions: async ({ resolveConfigurationProperty }) =>
    collectFunctions(root, await stageOf(resolveConfigurationProperty)).functions,

  stepFunctions: async ({ resolveConfigurationProperty }) => ({
    validate: false,
    noOutput: false,
    stateMachines: collectMachines(root, await stageOf(resolveConfigurationProperty)).stateMachines,
  }),

  resources: async ({ options, resolveVariable, resolveConfigurationProperty }) => {
    const stage = await stageOf(resolveConfigurationProperty);
    const command = process.argv.slice(2).find((word) => !word.startsWith('-')) ?? '';
    const values = await chosenParameters({ root, stage, command, options, resolveVariable });
    if (command === 'deploy' && values.get('MakeTrail') !== 'true') {
      // The SDK's client is loaded where it is asked for alone.
      const { describeTrail } = require('./service/trail.cjs');
      const region = String(await resolveConfigurationProperty(['provider', 'region']));
      process.stderr.write(`${await describeTrail({ region, profile: options['aws-profile'] })}\n`);
    }
    return collectResources(root, stage, values);
  },
};
