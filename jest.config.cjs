// `unit` needs nothing but Node and takes no longer than one waits; `worlds` and `commands` need no more, but play random worlds and start the
// command line; `package` packages the service, `cloud` starts the local cloud, `full` takes long there.
const ES_MODULES_ONLY = ['@middy/'];

const SLOW = { setupFilesAfterEnv: ['<rootDir>/test/support/cloud-setup.ts'] };

/** @returns {import('jest').Config} */
function project(displayName, testMatch, more = {}) {
  return {
    displayName,
    rootDir: __dirname,
    testEnvironment: 'node',
    testMatch,
    moduleFileExtensions: ['ts', 'tsx', 'js', 'mjs', 'cjs', 'json', 'node'],
    // These name an `import` condition alone, which a require does not take.
    moduleNameMapper: { '^@middy/(core|util)$': '<rootDir>/node_modules/@middy/$1/index.js' },
    transform: { '\\.(ts|tsx|mjs|js)$': '<rootDir>/test/support/esbuild-transform.cjs' },
    // The SDK's schema files (dist-es) are ES modules inside packages that call themselves CommonJS.
    transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES_ONLY.join('|')})|@aws-sdk/[^/]+/dist-es/)`],
    modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/.serverless/', '<rootDir>/.esbuild/'],
    ...more,
  };
}

/** @type {import('jest').Config} */
module.exports = {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: [
    project('unit', ['<rootDir>/test/**/*.test.ts', '<rootDir>/test/**/*.test.tsx'], {
      testPathIgnorePatterns: [
        '/node_modules/',
        '<rootDir>/test/(properties|cli|package|cloud|browser|full)/',
      ],
    }),
    project('worlds', ['<rootDir>/test/properties/**/*.test.ts']),
    project('commands', ['<rootDir>/test/cli/**/*.test.ts']),
    project('package', ['<rootDir>/test/package/**/*.test.ts'], {
      globalSetup: '<rootDir>/test/package/packaged.ts',
      ...SLOW,
    }),
    project('cloud', ['<rootDir>/test/cloud/**/*.test.ts', '<rootDir>/test/browser/**/*.test.ts'], SLOW),
    project('full', ['<rootDir>/test/full/**/*.test.ts'], SLOW),
  ],
};
