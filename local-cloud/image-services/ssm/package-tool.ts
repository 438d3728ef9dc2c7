/** `rpm -qa` and `dpkg-query --show` over the inventory of an image: a program of its own, which image-shell.ts starts. */
import { readFileSync } from 'node:fs';
import type { Package } from '../behaviours.ts';

/** Written by image-shell.ts. */
export interface PackageFile {
  packages: readonly Package[];
  architecture: string;
}
type Fields = Readonly<Record<string, string | undefined>>;

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const unquote = (text: string): string =>
  text.replaceAll(/\\([ntr\\])/g, (_, letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? '\\');

/** `1:1.28.0-1.el9` -> epoch, version, release; what was declared without a release has `1`, because every package of rpm has one. */
const splitVersion = (text: string, release: string | undefined): Fields => {
  const [, epoch, rest = ''] = /^(?:([0-9]+):)?(.*)$/s.exec(text) ?? [];
  const hyphen = release === undefined ? rest.lastIndexOf('-') : -1;
  return {
    EPOCH: epoch,
    VERSION: hyphen < 0 ? rest : rest.slice(0, hyphen),
    RELEASE: release ?? (hyphen < 0 ? '1' : rest.slice(hyphen + 1)),
  };
};

/** Tags `%{NAME}` and conditionals `%|TAG?{with}:{without}|`, which may hold tags [D:rpm-queryformat(7)]. */
const formatRpm = (format: string, fields: Fields): string =>
  unquote(
    format
      .replaceAll(
        /%\|([A-Z]+)\?\{((?:[^{}]|\{[^{}]*\})*)\}:\{((?:[^{}]|\{[^{}]*\})*)\}\|/g,
        (_, tag: string, held: string, missing: string) => (fields[tag] === undefined ? missing : held),
      )
      .replaceAll(/%\{([A-Za-z]+)\}/g, (_, tag: string) => fields[tag.toUpperCase()] ?? '(none)'),
  );

/** Fields `${Package}` [D:dpkg-query(1)]. */
const formatDeb = (format: string, fields: Fields): string =>
  unquote(format.replaceAll(/\$\{([A-Za-z:-]+)\}/g, (_, name: string) => fields[name.toLowerCase()] ?? ''));

const readOption = (args: readonly string[], names: readonly string[]): string | undefined => {
  for (const [index, argument] of args.entries()) {
    if (names.includes(argument)) return args[index + 1];
    const name = names.find((candidate) => argument.startsWith(`${candidate}=`));
    if (name !== undefined) return argument.slice(name.length + 1);
  }
  return undefined;
};

const DEFAULT_DEB_FORMAT = ['binary:Package', 'Version'].map((field) => `$\{${field}}`).join('\\t');

const [manager, file = '', ...args] = process.argv.slice(2);
const { packages, architecture }: PackageFile = JSON.parse(readFileSync(file, 'utf8'));

if (manager === 'rpm') {
  if (!args.includes('-qa')) fail(`rpm: the local cloud knows 'rpm -qa' alone, not: rpm ${args.join(' ')}`);
  const format = readOption(args, ['--qf', '--queryformat']) ?? '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n';
  const arch = architecture === 'arm64' ? 'aarch64' : architecture;
  for (const entry of packages.filter(({ type }) => type === 'rpm'))
    process.stdout.write(
      formatRpm(format, {
        NAME: entry.name,
        ARCH: entry.arch ?? arch,
        ...splitVersion(entry.version, entry.release),
      }),
    );
} else {
  if (!args.some((argument) => argument === '-W' || argument === '--show'))
    fail(`dpkg-query: the local cloud knows 'dpkg-query --show' alone, not: dpkg-query ${args.join(' ')}`);
  const format = readOption(args, ['-f', '--showformat']) ?? `${DEFAULT_DEB_FORMAT}\\n`;
  for (const entry of packages.filter(({ type }) => type === 'deb'))
    process.stdout.write(
      formatDeb(format, {
        package: entry.name,
        'binary:package': entry.name,
        version: entry.release === undefined ? entry.version : `${entry.version}-${entry.release}`,
        architecture: entry.arch ?? (architecture === 'x86_64' ? 'amd64' : architecture),
        'db:status-abbrev': 'ii ',
      }),
    );
}
