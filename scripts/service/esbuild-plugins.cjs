/**
 * Tells esbuild that making a zod schema has no effect, so that a bundle holds only the schemas that its function uses. Making them costs a cold
 * start more than all other code of the product, and esbuild cannot know that an unused `z.object(...)` may be left out.
 *
 * It reads formatted code: a top-level `const X = z...;` (or `lazyObject...;`, of base/schemas.ts) starts in the first column and ends with the
 * first `;` before a line that starts there again.
 */
const { readFileSync } = require('node:fs');

const SCHEMA =
  /^((?:export )?const \w+(?:: [^=\n]+)? =\s+)((?:z|lazy\w*Object)\b[\s\S]*?);(?=\n+[^\s)\]}.]|\s*(?![\s\S]))/gm;

function withPureSchemas(source) {
  return source.replace(SCHEMA, (_, head, expression) => `${head}/* @__PURE__ */ (() => ${expression})();`);
}

const pureSchemas = {
  name: 'pure-schemas',
  setup(build) {
    build.onLoad({ filter: /[\\/](?:shared|functions)[\\/].*\.tsx?$/ }, ({ path }) => ({
      contents: withPureSchemas(readFileSync(path, 'utf8')),
      loader: path.endsWith('x') ? 'tsx' : 'ts',
    }));
  },
};

module.exports = [pureSchemas];
