import { loadCatalogue } from '@atelier/models';
import type { ModelManifest } from '@atelier/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCoordinator, testCoordinator, testModel, workingEdge } from '../apps/coordinator/src/server/coordinator.test-support.ts';
import { launchBrowser, withoutBrowser } from './support/browser.ts';
import { becomeOwner } from './support/owner.ts';
import { Visitor } from './support/visitor.ts';

const writer = { ...testModel('writer', ['text-generation']), reproducible: true };

describe.skipIf(withoutBrowser)('what an owner sees of machines that cannot be believed', () => {
  let coordinator: TestCoordinator;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    [coordinator, browser] = await Promise.all([testCoordinator(), launchBrowser()]);
    visitor = await Visitor.come(browser);
    page = visitor.page;
    const starter = (await loadCatalogue()).entries.get('starter-diffusion')?.manifest as ModelManifest;
    const models = [writer, { ...starter, options: { ...starter.options, changed: true } }];
    for (const words of ['true', 'false']) await workingEdge(coordinator, models, () => ({ port: 'text', mediaType: 'text/plain', bytes: Buffer.from(words) }));
    await becomeOwner(page, coordinator);
    await page.goto(`${coordinator.url}/fleet`);
  });
  afterAll(async () => {
    await browser?.close();
    await coordinator?.close();
  });

  test('a model that is not the catalogue’s says so on its machine', async () => {
    const notes = page.getByText('Its files are not those that the catalogue names');
    await notes.nth(1).waitFor();
    await expect.poll(() => notes.count()).toBe(2);
    await expect.poll(() => page.getByRole('button', { name: /^Pull .* onto Worker .* again$/ }).count()).toBe(2);
  });

  test('a share is chosen, and a disagreement shows who said what until it is dismissed', async () => {
    const region = page.getByRole('region', { name: 'Double checks', exact: true });
    const share = region.getByRole('combobox', { name: 'Share of results that is computed twice' });
    await share.click();
    await page.getByRole('option', { name: '100 %', exact: true }).click();
    await region.getByText('Came out the same').waitFor();
    const body = { chain: { steps: [{ task: 'text-generation' }] }, inputs: { prompt: { text: 'truth' } } };
    expect((await coordinator.call('/api/runs', { token: coordinator.ownerToken, body })).ok).toBe(true);
    const item = region.getByRole('listitem');
    await item.getByText('made different results').waitFor();
    await page.reload();
    await item.getByRole('link', { name: 'this run' }).waitFor();
    expect([await item.getByRole('button', { name: /^Revoke Worker/ }).count(), await item.locator('dd').count()]).toEqual([2, 2]);
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await visitor.overflow()).toBe(0);
    await item.getByRole('button', { name: /^Dismiss/ }).click();
    await item.waitFor({ state: 'detached' });
    await share.getByText('100 %').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });
});
