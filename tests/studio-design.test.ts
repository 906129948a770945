import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { launchBrowser, withoutBrowser } from './support/browser.ts';
import { Visitor } from './support/visitor.ts';

const studio = path.resolve(import.meta.dirname, '../apps/studio');

interface Vite {
  createServer(options: object): Promise<{ listen(): Promise<unknown>; close(): Promise<void>; resolvedUrls: { local: string[] } | null }>;
}

describe.skipIf(withoutBrowser)(`every component on one page${withoutBrowser ? ` (skipped: ${withoutBrowser})` : ''}`, () => {
  test('it is drawn in both themes without a complaint, and the two look different', async () => {
    const vitePath = createRequire(path.join(studio, 'package.json')).resolve('vite');
    const vite = (await import(pathToFileURL(vitePath).href)) as Vite;
    const server = await vite.createServer({
      root: studio,
      configFile: path.join(studio, 'vite.config.ts'),
      logLevel: 'error',
      server: { port: 0, proxy: {} },
    });
    await using _closing = { [Symbol.asyncDispose]: () => server.close() };
    await server.listen();
    const browser = await launchBrowser();
    await using _leaving = { [Symbol.asyncDispose]: () => browser.close() };
    const visitor = await Visitor.come(browser);
    await visitor.page.goto(`${server.resolvedUrls?.local[0]}design`);
    const pictures: string[] = [];
    for (const theme of ['Dark', 'Light']) {
      const half = visitor.page.locator('main > div').filter({ has: visitor.page.getByRole('heading', { name: theme, exact: true }) });
      await half.waitFor();
      pictures.push((await half.screenshot()).toString('base64'));
    }
    expect(new Set(pictures).size).toBe(2);
    expect(pictures.map((picture) => picture.length > 50_000)).toEqual([true, true]);
    expect(visitor.complaints()).toEqual([]);
  });
});
