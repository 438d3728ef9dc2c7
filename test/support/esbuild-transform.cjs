// Jest runs CommonJS. This turns TypeScript, and those packages that are ES modules only, into it with the compiler that also makes the
// bundles. It does not hoist jest.mock: tests hand in fakes. Only a made-up kind is put into its registry
// so, by a file that is imported first.
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { extname } = require('node:path');
const esbuild = require('esbuild');

const LOADERS = { '.ts': 'ts', '.tsx': 'tsx', '.js': 'js', '.mjs': 'js', '.jsx': 'jsx' };
const own = readFileSync(__filename);

module.exports = {
  getCacheKey(source, filename, { configString }) {
    return createHash('sha256')
      .update([own, esbuild.version, configString, filename, source].join('\0'))
      .digest('hex')
      .slice(0, 32);
  },

  process(source, filename) {
    const { code, map } = esbuild.transformSync(source, {
      loader: LOADERS[extname(filename)] ?? 'ts',
      format: 'cjs',
      target: 'node24',
      // A real import() inside Jest's sandbox needs an experimental flag; require does the same here.
      supported: { 'dynamic-import': false },
      jsx: 'automatic',
      jsxImportSource: 'hono/jsx',
      define: {
        'import.meta.dirname': '__dirname',
        'import.meta.filename': '__filename',
        'import.meta.url': '__moduleUrl',
      },
      banner: source.includes('import.meta.url')
        ? "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;"
        : '',
      sourcefile: filename,
      sourcemap: 'both',
      logLevel: 'silent',
    });
    return { code, map };
  },
};
