/** A thread beside the one that decodes: it ends the process whose memory grows over its bound, or whose parent is gone. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { overMemory } from './messages.ts';

const everyMs = 50;
const { mostBytes } = workerData as { mostBytes: number };
const parent = process.ppid;

function look(): void {
  const isOver = process.memoryUsage.rss() > mostBytes;
  if (isOver) writeSync(2, overMemory);
  if (isOver || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}

look();
setInterval(look, everyMs);
parentPort?.postMessage('watching');
