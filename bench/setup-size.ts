/**
 * What set-up brings onto a machine: bytes downloaded by a fresh install with an empty cache, size of node_modules, and the
 * starter models. Downloads everything once more into a temporary folder. Run it with Node 22.18 or newer: `node bench/setup-size.ts`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalogue, starterModelsFolder } from '@atelier/models';
import { writeResults } from './support/results.ts';

const root = join(import.meta.dirname, '..');

/** Bytes on disk, links not followed, files with several names counted once. */
function diskBytes(folder: string): number {
  const seen = new Set<number>();
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const { ino, blocks } = lstatSync(join(entry.parentPath, entry.name));
    if (!seen.has(ino)) bytes += blocks * 512;
    seen.add(ino);
  }
  return bytes;
}

/** Sizes of the packages' archives in npm's cache: what came over the line. */
function downloadedBytes(cache: string): { bytes: number; packages: number } {
  const sizes = new Map<string, number>();
  for (const entry of readdirSync(join(cache, '_cacache/index-v5'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    for (const line of readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n').filter(Boolean)) {
      const { key, size } = JSON.parse(line.slice(line.indexOf('\t') + 1)) as { key: string; size?: number };
      if (size !== undefined && key.endsWith('.tgz')) sizes.set(key, size);
    }
  }
  return { bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), packages: sizes.size };
}

function freshInstall(): { bytes: number; packages: number; seconds: number; installedBytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-set-up-'));
  try {
    // What is committed, not what other work has left in the checkout.
    const archive = execFileSync('git', ['archive', 'HEAD', '.npmrc', 'package.json', 'package-lock.json', 'apps', 'packages'], {
      cwd: root,
      maxBuffer: 2 ** 30,
    });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    const cache = join(folder, 'cache');
    const begun = performance.now();
    const environment = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', SCARF_ANALYTICS: 'false', npm_config_cache: cache };
    const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--engine-strict=false'], { cwd: folder, env: environment, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`npm could not install: ${done.stderr.split('\n').slice(0, 8).join('\n')}`);
    const seconds = (performance.now() - begun) / 1000;
    return { ...downloadedBytes(cache), seconds, installedBytes: diskBytes(join(folder, 'node_modules')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { entries } = await loadCatalogue([starterModelsFolder]);
const files = [...entries.values()].flatMap(({ manifest }) => manifest.files);
const sum = (list: readonly { sizeBytes: number }[]) => list.reduce((total, file) => total + file.sizeBytes, 0);
/** Models may share files: each counts once. */
const distinct = (isBundled: boolean) => new Map(files.filter(({ source }) => source.startsWith('bundled:') === isBundled).map((file) => [file.sha256, file]));
const install = freshInstall();
const checkout = execFileSync('git', ['ls-tree', '-r', '-l', 'HEAD'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
const repository = checkout
  .trim()
  .split('\n')
  .reduce((total, line) => total + (Number(line.split(/\s+/)[3]) || 0), 0);

writeResults('setup-size', [
  { name: 'npm packages downloaded by set-up', value: install.bytes / 1e6, unit: 'MB' },
  { name: 'npm packages downloaded by set-up: number', value: install.packages, unit: '' },
  { name: 'installing with an empty cache', value: install.seconds, unit: 's' },
  { name: 'node_modules after it, on disk', value: install.installedBytes / 1e6, unit: 'MB' },
  { name: 'starter models: files taken from registries, unpacked', value: sum([...distinct(false).values()]) / 1e6, unit: 'MB' },
  { name: 'starter models: files within the repository', value: sum([...distinct(true).values()]) / 1e6, unit: 'MB' },
  { name: 'files of the repository, checked out', value: repository / 1e6, unit: 'MB' },
]);
