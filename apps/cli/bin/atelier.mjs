#!/usr/bin/env node
// Runs the command line by the pinned Node: the machine's own may be too old to read TypeScript.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { oldestNode, pinnedNode } from '../../../pinned-node.mjs';

const main = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../src/main.ts');
const node = pinnedNode();
if (!node) {
  console.error(`Node ${oldestNode.join('.')} or newer is needed; this is ${process.version}. Run npm start in the clone first.`);
  process.exit(1);
}

const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal sends Ctrl-C to the whole group; the child decides what it means, and we end as it does.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
