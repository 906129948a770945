import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContext } from 'playwright-core';

const studio = path.resolve(import.meta.dirname, '../../apps/studio');

interface Vite {
  build(options: object): Promise<unknown>;
}

/** Vite as the studio's package has it. */
async function loadVite(): Promise<Vite> {
  return (await import(pathToFileURL(createRequire(path.join(studio, 'package.json')).resolve('vite')).href)) as Vite;
}

/**
 * Builds the studio with one of its files changed.
 * @param file relative to apps/studio/src
 * @param change gets the file's text and gives another
 * @throws Error if the file is not part of the build, or stays as it is
 */
export async function buildStudioWith(folder: string, file: string, change: (text: string) => string): Promise<void> {
  let changed = false;
  const target = path.join(studio, 'src', file);
  const plugin = {
    name: 'one-file-changed',
    enforce: 'pre',
    transform(text: string, id: string) {
      if (path.normalize(id) !== target) return undefined;
      const after = change(text);
      changed = after !== text;
      return after;
    },
  };
  const { build } = await loadVite();
  await build({
    root: studio,
    configFile: path.join(studio, 'vite.config.ts'),
    logLevel: 'error',
    plugins: [plugin],
    build: { outDir: folder, emptyOutDir: true },
  });
  if (!changed) throw new Error(`${target} was not changed in the build.`);
}

/** Whoever comes in this context gets another build's files; everything else is answered by the real studio, whose headers count for pages too. */
export async function serveBuild(context: BrowserContext, folder: string): Promise<void> {
  await context.route('**/*', async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.startsWith('/api/')) return route.fallback();
    if (pathname.startsWith('/assets/')) return route.fulfill({ path: path.join(folder, pathname) });
    if (route.request().resourceType() !== 'document') return route.fallback();
    const response = await route.fetch();
    return route.fulfill({ response, body: await readFile(path.join(folder, 'index.html'), 'utf8') });
  });
}
