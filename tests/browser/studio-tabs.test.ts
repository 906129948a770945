import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Studio } from '../support/studio.ts';
import { type VisitedStudio, visitStudio, withoutStudio } from '../support/visited-studio.ts';

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

describe.skipIf(withoutStudio)(`several tabs of one person${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`, () => {
  let visited: VisitedStudio;
  let studio: Studio;
  let page: Page;
  let context: BrowserContext;

  beforeAll(async () => {
    visited = await visitStudio();
    ({ studio, page, context } = visited);
  });

  afterAll(async () => {
    await visited?.[Symbol.asyncDispose]();
  });

  test('eight tabs watch a run each, and the eighth works like the first', async () => {
    const chain = { steps: [{ task: 'text-to-image', parameters: { steps: 1 } }] };
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, index) => studio.client.api.runs.create({ chain, inputs: { prompt: { text: `boat ${index}` } }, fresh: true })),
    );
    const tabs = await Promise.all(runs.map(() => context.newPage()));
    for (const [index, tab] of tabs.entries()) {
      await tab.goto(`${studio.url}/runs/${runs[index]?.id}`);
      await tab.getByRole('region', { name: 'Step 1: Text to image' }).waitFor();
    }
    // A slow machine may draw for minutes; only then are the tabs behind.
    for (const run of runs) await studio.ended(run.id);
    await Promise.all(tabs.map((tab) => button(tab, 'Run again').waitFor()));
    await Promise.all(tabs.map((tab) => tab.close()));
  });

  test('a notice of a run that was asked for is shown once by all tabs, opens the run, and can be turned off; a run that is seen has none', async ({
    skip,
  }) => {
    await context.grantPermissions(['notifications'], { origin: studio.url });
    await page.goto(`${studio.url}/gallery`);
    // Chromium's headless shell, which comes by npm, shows none whatever it is told.
    const why = 'this browser shows no notices: install the package chromium';
    const showsNone = (await page.evaluate(() => Notification.permission)) !== 'granted';
    if (showsNone) console.log(`The test of notices is skipped: ${why}.`);
    skip(showsNone, why);
    // A tab of an earlier test would take its turn unseen.
    await Promise.all(context.pages().map((tab) => tab === page || tab.close()));
    await context.addInitScript(() => {
      const Real = window.Notification;
      const shown: Notification[] = [];
      window.Notification = class extends Real {
        constructor(title: string, options?: NotificationOptions) {
          super(title, options);
          shown.push(this);
        }
      };
      Object.assign(window, { shown });
    });
    const titles = async () => {
      const all = await Promise.all(
        context.pages().map((tab) => tab.evaluate(() => (window as unknown as { shown: Notification[] }).shown.map((one) => one.title))),
      );
      return all.flat();
    };
    const begin = async (chain = 'text-generation, text-to-image') => {
      const run = await studio.client.api.runs.create({ chain, inputs: { prompt: { text: 'a quiet owl' } }, fresh: true });
      await studio.client.api.runs.pause({ id: run.id });
      return run;
    };
    const away = async (on: Page) => {
      await on.goto(`${studio.url}/gallery`);
      await on.getByRole('heading', { name: 'Gallery' }).waitFor();
    };
    const first = await begin();
    const second = await context.newPage();
    await away(second);
    await page.goto(`${studio.url}/runs/${first.id}`);
    const notify = button(page, 'Notify me');
    await expect.poll(() => notify.getAttribute('aria-pressed')).toBe('false');
    await notify.click();
    await page.locator('[aria-pressed="true"]', { hasText: 'Notify me' }).waitFor();
    await page.reload();
    await page.locator('[aria-pressed="true"]', { hasText: 'Notify me' }).waitFor();
    await away(page);
    // Whichever tab looks at the queue has seen that the run is open.
    await Promise.all([page, second].map((tab) => tab.waitForResponse((answer) => answer.url().endsWith('/api/queue'))));
    await studio.client.api.runs.resume({ id: first.id });
    await expect.poll(titles).toEqual([`Done · ${first.name}`]);
    const [teller] = (
      await Promise.all([page, second].map(async (tab) => ((await tab.evaluate(() => (window as unknown as { shown: unknown[] }).shown.length)) ? tab : null)))
    ).filter((tab) => tab !== null);
    await teller?.evaluate(() => (window as unknown as { shown: Notification[] }).shown[0]?.dispatchEvent(new Event('click')));
    await teller?.waitForURL(`${studio.url}/runs/${first.id}`);
    await away(page);
    await away(second);

    // Whoever looks at the run needs none; its page has seen to it for all tabs.
    const told = () => page.evaluate(() => localStorage.getItem('atelier-told') ?? '');
    const seen = await begin();
    await page.goto(`${studio.url}/runs/${seen.id}`);
    await notify.click();
    await notify.click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(told).toContain(seen.id);
    // Whoever tells holds this lock until it has.
    await page.evaluate((id) => navigator.locks.request(`atelier-tell:${id}`, () => undefined), seen.id);
    expect(await titles()).toEqual([]);

    // Long enough that it would be told.
    const off = await begin('text-to-image, image-to-video');
    await page.goto(`${studio.url}/runs/${off.id}`);
    await notify.click();
    await page.locator('[aria-pressed="false"]', { hasText: 'Notify me' }).waitFor();
    const following = () => second.evaluate(async () => (await navigator.locks.query()).held?.some(({ name }) => name === 'atelier-notices') ?? false);
    await expect.poll(following).toBe(false);
    await away(page);
    await studio.client.api.runs.resume({ id: off.id });
    await studio.ended(off.id);
    await Promise.all([page, second].map((tab) => tab.waitForResponse((answer) => answer.url().endsWith('/api/queue'))));
    expect([await titles(), (await told()).includes(off.id)]).toEqual([[], false]);
    await second.close();
  });
});
