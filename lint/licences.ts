/**
 * Licences of all packages in package-lock.json: those of the list, or a named exception with its reason. Packages for development count too,
 * since the studio's pages are built from some of them.
 *
 *     node lint/licences.ts
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly link?: boolean;
}

const allowed: ReadonlySet<string> = new Set([
  'MIT',
  'MIT-0',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'ISC',
  'MPL-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Zlib',
  'Python-2.0',
  'OFL-1.1',
  'CC-BY-4.0',
]);

const unmodified = 'a library under the LGPL, as npm brings it and in a file of its own, so that anybody can put another one in its place';

/** Packages by the beginning of their name, the licence that was found, and why it is taken all the same. */
const exceptions: ReadonlyArray<readonly [name: string, licence: string | undefined, reason: string]> = [
  ['@img/sharp-', 'LGPL-3.0-or-later', unmodified],
  ['@img/sharp-', 'Apache-2.0 AND LGPL-3.0-or-later', unmodified],
  ['@img/sharp-', 'Apache-2.0 AND LGPL-3.0-or-later AND MIT', unmodified],
  ['codec-parser', 'LGPL-3.0-or-later', unmodified],
  ['combine-errors', undefined, 'MIT, by its README'],
  ['node-bin-', undefined, 'Node itself, under MIT'],
  ['busboy', undefined, 'MIT, by its file LICENSE; it tells so in a field that npm no longer reads'],
  ['dicer', undefined, 'as busboy, whose part it is'],
  ['streamsearch', undefined, 'as busboy, whose part it is'],
  ['humanize-number', undefined, 'MIT, by its README; for development only'],
  ['only', undefined, 'MIT, by its README; for development only'],
];

/** An expression of SPDX: of alternatives one must be allowed, of what is joined every part. */
export function isAllowed(licence: string): boolean {
  const expression = licence.replaceAll(/[()]/g, '');
  return expression.split(' OR ').some((alternative) => alternative.split(' AND ').every((part) => allowed.has(part.trim())));
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** @returns a line for each package whose licence is not taken, and for each exception that nothing needs any more */
export function wrongLicences(packages: Readonly<Record<string, LockedPackage>>): string[] {
  const used = new Set<(typeof exceptions)[number]>();
  const wrong: string[] = [];
  for (const [path, { license, link }] of Object.entries(packages)) {
    if (link === true || !path.includes('node_modules/') || (license !== undefined && isAllowed(license))) continue;
    const name = nameOf(path);
    const exception = exceptions.find(([start, licence]) => name.startsWith(start) && licence === license);
    if (exception === undefined) wrong.push(`${name}: ${license ?? 'no licence'}`);
    else used.add(exception);
  }
  for (const exception of exceptions)
    if (!used.has(exception)) wrong.push(`${exception[0]}: no package needs its exception for ${exception[1] ?? 'no licence'}`);
  return wrong;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as { packages: Record<string, LockedPackage> };
  const wrong = wrongLicences(lock.packages);
  for (const line of wrong) process.stderr.write(`${line}\n`);
  if (wrong.length > 0) process.stderr.write('Take another package, or name the exception and its reason in lint/licences.ts.\n');
  process.exit(wrong.length > 0 ? 1 : 0);
}
