/** The command `atelier`. bin/atelier.mjs starts this file by the pinned Node. */
import { readFileSync } from 'node:fs';
import { explain } from './exit-code.ts';
import { createProgram } from './program.ts';
import { tasksForHelp } from './run/tasks-for-help.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

try {
  await createProgram(version, await tasksForHelp(process.argv.slice(2))).parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = explain(thrown, { json: process.argv.includes('--json') });
}
