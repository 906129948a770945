/** The command `atelier`. bin/atelier.mjs starts this file by the pinned Node. */
import { readFileSync } from 'node:fs';
import { explain } from './exit-code.ts';
import { createProgram } from './program.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

try {
  await createProgram(version).parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = explain(thrown, { json: process.argv.includes('--json') });
}
