/** Names of images that pipelines make, and filters that could match them (rule 4). */

/** Names of all images, recipes and copies that pipelines make; other images may not be named so. */
const OWN_NAMES = 'ovenbird-*';

/** True when the filter of a lookup matches a name that an image of a pipeline could have. */
export function couldMatchOwnNames(filter: string): boolean {
  return globsOverlap(filter, OWN_NAMES);
}

/** The bake whose id an output's name ends in: `ovenbird-web-x86-64-<id>`, `…-shared`, `…-2` (naming.ts, distribution.ts). */
export function parseBakeFromName(name: string): string | undefined {
  return /^ovenbird-.+-([0-9A-HJKMNP-TV-Z]{26})(?:-shared)?(?:-[0-9]+)?$/.exec(name)?.[1];
}

type Token = { readonly is: string } | 'one' | 'any';

/** True when some text fits both patterns. `*` is any text, `?` one character, a backslash takes their meaning away (AWSEC2/UserGuide/Using_Filtering). */
export function globsOverlap(a: string, b: string): boolean {
  const [left, right] = [parseGlob(a), parseGlob(b)];
  // reach[j]: whether what has been read of `left` and the first j of `right` fit a common text.
  let reach = [true];
  for (const token of right) reach.push(reach.at(-1) === true && token === 'any');
  for (const token of left) {
    const next = [token === 'any' && reach[0] === true];
    right.forEach((other, j) => {
      const isEmptyHere = reach[j + 1] === true || next[j] === true;
      const isSame =
        token === 'one' || other === 'one' || (token !== 'any' && other !== 'any' && token.is === other.is);
      next.push(token === 'any' || other === 'any' ? isEmptyHere : isSame && reach[j] === true);
    });
    reach = next;
  }
  return reach.at(-1) === true;
}

function parseGlob(glob: string): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < glob.length; index += 1) {
    const character = glob.charAt(index);
    if (character === '*') tokens.push('any');
    else if (character === '?') tokens.push('one');
    else {
      if (character === '\\' && index + 1 < glob.length) index += 1;
      tokens.push({ is: glob.charAt(index) });
    }
  }
  return tokens;
}
