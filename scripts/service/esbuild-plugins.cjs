/**
 * Two things that make a function start faster.
 *
 * It tells esbuild that making a zod schema has no effect, so that a bundle holds only the schemas that its function uses. Making them costs a
 * cold start more than everything else of ours together, and esbuild cannot know by itself that an unused `z.object(...)` may be left out.
 *
 * And it writes the names of our own classes down: minified classes lose them, error names are what state machines match, and esbuild's
 * `keepNames` would pay for every function of every package.
 *
 * It reads formatted code: a top-level `const X = z...;` starts in the first column and ends with the first `;` before a line that starts
 * there again.
 */
const { readFileSync } = require('node:fs');

const SCHEMA = /^((?:export )?const \w+(?:: [^=\n]+)? =\s+)(z\b[\s\S]*?);(?=\n+[^\s)\]}.]|\s*(?![\s\S]))/gm;

function withPureSchemas(source) {
  return source.replace(SCHEMA, (_, head, expression) => `${head}/* @__PURE__ */ (() => ${expression})();`);
}

const CLASS = /^((?:export )?(?:abstract )?class (\w+)[^{\n]*\{)/gm;

function withClassNames(source) {
  return source.replace(
    CLASS,
    (head, _, name) => `${head} static { Object.defineProperty(this, 'name', { value: '${name}' }); }`,
  );
}

const startFast = {
  name: 'start-fast',
  setup(build) {
    build.onLoad({ filter: /[\\/](?:shared|functions)[\\/].*\.tsx?$/ }, ({ path }) => ({
      contents: withClassNames(withPureSchemas(readFileSync(path, 'utf8'))),
      loader: path.endsWith('x') ? 'tsx' : 'ts',
    }));
  },
};

module.exports = [startFast];
