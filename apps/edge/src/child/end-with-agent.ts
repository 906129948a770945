import { writeSync } from 'node:fs';

/** Ends this process and all that it started, when its agent is gone: nobody may outlive the agent. */
export function endWithAgent(): void {
  if (process.platform !== 'win32') {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch (error) {
      writeSync(2, `${String(error)}\n`);
    }
  }
  process.exit(1);
}
