import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { filesBelow, foldersIn, read, root } from './imports.ts';

const folders = foldersIn('.').filter((name) => !name.startsWith('.') && name !== 'node_modules');
const sources = folders.flatMap((folder) =>
  filesBelow(folder, ['.ts', '.tsx', '.mjs', '.cjs', '.py', '.yml', '.json']),
);
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...folders.flatMap((folder) => filesBelow(folder, ['.md'])),
];

/** What GitHub makes of the page's headings, for links. */
function anchors(page: string): string[] {
  const text = read(page).replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isThere(page: string, heading: string | undefined): boolean {
  return existsSync(join(root, page)) && (heading === undefined || anchors(page).includes(heading));
}

describe('what is cited', () => {
  it('in code, comments and resources is a page, and a heading on it', () => {
    const broken = sources.flatMap((source) =>
      [...read(source).matchAll(/(?<![\w./-])([\w./-]*[\w-]+\.md)(?:#([\w-]+))?(?![\w-])/g)]
        .filter(([, page = '']) => posix.basename(page) !== 'README.md')
        .filter(([, page = '', heading]) => !isThere(page, heading))
        .map(([citation]) => `${source}: ${citation}`),
    );

    expect(broken).toEqual([]);
  });

  it('on a page is a file, and a heading where a link names one', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
        .map(([, file = '', heading]) => ({
          file: file === '' ? page : posix.join(posix.dirname(page), file),
          heading,
        }))
        .filter(({ file, heading }) =>
          file.endsWith('.md') ? !isThere(file, heading) : !existsSync(join(root, file)),
        )
        .map(({ file, heading }) => `${page} -> ${file}${heading === undefined ? '' : `#${heading}`}`),
    );

    expect(broken).toEqual([]);
  });

  it('are found: a known citation and a known heading', () => {
    expect(read('local-cloud/image-services/quotas.ts')).toContain('docs/aws/quotas.md#ec2-and-ebs');
    expect(anchors('docs/aws/quotas.md')).toContain('ec2-and-ebs');
  });
});
