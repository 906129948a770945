/** Services on the Fleet page: what runs on a machine, how often it was started again, and a stop. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, withoutBrowser } from '../support/browser.ts';
import { digestFleet, giveDigest } from '../support/digest-fleet.ts';
import { becomeOwner } from '../support/owner.ts';
import { Studio } from '../support/studio.ts';
import { Visitor } from '../support/visitor.ts';

const built = existsSync(path.resolve(import.meta.dirname, '../../apps/studio/dist/index.html'));
const skipped = withoutBrowser || (built ? false : 'the studio is not built: run it by npm test, which builds it');

describe.skipIf(skipped)(`services in a browser${skipped ? ` (skipped: ${skipped})` : ''}`, () => {
  let studio: Studio;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    studio = new Studio({ fleet: digestFleet(['North']), tasks: [path.join(import.meta.dirname, '../models/echo-services.ts')] });
    giveDigest(studio, ['North'], 20);
    await studio.start();
    await studio.offered('digest');
    browser = await launchBrowser();
    const visitor = await Visitor.come(browser);
    page = visitor.page;
    await becomeOwner(page, studio);
  });

  afterAll(async () => {
    await browser?.close();
    await studio[Symbol.asyncDispose]();
  });

  test('a machine shows what runs on it, that it was started again, and stops it', async () => {
    const [edge] = await studio.client.api.edges.list();
    const echo = await studio.client.api.services.start({ kind: 'echo', edge: edge?.id as NonNullable<typeof edge>['id'] });
    await page.goto(`${studio.url}/fleet`);
    const list = page.getByRole('region', { name: 'Services on North' });
    await list.getByText('running', { exact: true }).waitFor();
    expect(await list.getByRole('listitem').count()).toBe(1);
    const logged = async () => (await studio.client.api.services.log({ id: echo.id })).text;
    await expect.poll(logged).toMatch(/process \d+/);
    process.kill(Number(/process (\d+)/.exec(await logged())?.[1]), 'SIGKILL');
    await list.getByText('started again once', { exact: true }).waitFor();
    await list.getByRole('button', { name: 'Stop echo', exact: true }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await list.waitFor({ state: 'detached' });
    expect((await studio.client.api.services.get({ id: echo.id })).state).toBe('stopped');
  });
});
