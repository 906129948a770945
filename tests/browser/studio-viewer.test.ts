import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { OutputId, RunView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lastingProblems } from '../support/axe.ts';
import { inOrder } from '../support/in-order.ts';
import type { Studio } from '../support/studio.ts';
import { type VisitedStudio, visitStudio, withoutStudio } from '../support/visited-studio.ts';
import type { Visitor } from '../support/visitor.ts';

const recording = path.resolve(import.meta.dirname, '../../examples/audio/jfk.wav');

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

describe.skipIf(withoutStudio)(
  `results: what can be done with them on the page of their run, in the viewer and beside each other${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`,
  () => {
    let studio: Studio;
    let visited: VisitedStudio;
    let browser: Browser;
    let visitor: Visitor;
    let page: Page;
    let single: RunView;
    let batch: RunView;
    const idsOf = (run: RunView) => run.steps[0]?.outputs.map((output) => output.id) as OutputId[];
    const firstSeed = 2 ** 32 - 2;

    beforeAll(async () => {
      visited = await visitStudio();
      ({ studio, browser, visitor, page } = visited);
      const draw = (words: string, set: Record<string, unknown>) =>
        studio.client.api.runs.create({ chain: 'text-to-image', inputs: { prompt: { text: words } }, set });
      const [one, several] = [await draw('a red apple', { seed: 7 }), await draw('an owl', { seed: firstSeed, count: 3 })];
      single = await studio.ended(one.id);
      batch = await studio.ended(several.id);
    });

    inOrder();

    afterAll(async () => {
      await visited?.[Symbol.asyncDispose]();
    });

    const visitRun = async (run: RunView) => {
      await page.goto(`${studio.url}/runs/${run.id}`);
      await page.getByRole('heading', { name: run.name, exact: true }).waitFor();
    };

    test('a result is starred, used, deleted and restored on the page of its run, and the gallery knows of it', async () => {
      await visitRun(single);
      await button(page, 'Star Text to image').click();
      await button(page, 'Remove star from Text to image').waitFor();
      const starred = await page.evaluate(async () => (await (await fetch('/api/gallery?starred=true')).json()) as { items: Array<{ id: string }> });
      expect(starred.items.map(({ id }) => id)).toEqual(idsOf(single));
      await button(page, 'Delete Text to image').click();
      await button(page, 'Restore Text to image').click();
      await page.getByRole('img', { name: 'Text to image', exact: true }).waitFor();
      await page.getByRole('link', { name: 'Show in gallery' }).click();
      await page.getByText('Results of one run.').waitFor();
      await expect.poll(() => page.getByRole('grid').getByRole('link').count()).toBe(1);
      await page.goBack();
      await button(page, 'Use as image for: Text to image').click();
      await page.getByRole('menuitem', { name: 'Image to image', exact: true }).click();
      await page.getByText('· from your gallery').waitFor();
      expect(visitor.complaints()).toEqual([]);
    });

    test('each image of a batch shows the seed that its saved file names, and the chain of one image opens with it', async () => {
      await visitRun(batch);
      const seeds = page.getByRole('list', { name: 'Images of Text to image' }).getByRole('button', { name: /^Use this seed: / });
      await seeds.nth(2).waitFor();
      const shown = (await seeds.allTextContents()).map(Number);
      expect(shown).toEqual([firstSeed, firstSeed + 1, 0]);
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download all', exact: true }).click()]);
      expect(download.suggestedFilename()).toBe('an owl.zip');
      const zip = readFileSync(await download.path());
      const starts = [...zip.toString('latin1').matchAll(/\x89PNG/g)].map((match) => match.index);
      expect(starts.map((at) => readRecipe(zip.subarray(at))?.chain.steps[0]?.parameters.seed)).toEqual(shown);
      await seeds.nth(1).click();
      const chain = page.getByRole('region', { name: 'Chain', exact: true });
      await chain.getByRole('button', { name: 'Text to image', exact: true }).click();
      await expect.poll(() => page.getByLabel('Seed', { exact: true }).inputValue()).toBe(String(shown[1]));
      await expect.poll(() => page.getByRole('textbox', { name: /^Text/ }).inputValue()).toBe('an owl');
      expect(visitor.complaints()).toEqual([]);
    });

    const dialog = () => page.getByRole('dialog').first();
    const shownName = () => dialog().getByRole('img').first().getAttribute('alt');
    const scale = async () => Number(await dialog().locator('[data-scale]').getAttribute('data-scale'));
    const focusedName = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');

    test('the viewer goes to neighbours, zooms by keys, wheel and buttons, moves by arrows and drag, and gives the focus back to the image that was seen last', async () => {
      await visitRun(batch);
      await button(page, 'Enlarge Image 1 of Text to image').press('Enter');
      await button(page, 'Zoom in (+)').waitFor();
      await expect.poll(shownName).toBe('Image: Text to image, 1');
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('dialog');
      await page.keyboard.press('ArrowRight');
      await expect.poll(shownName).toBe('Image: Text to image, 2');
      await page.getByText('2 / 3', { exact: true }).waitFor();
      await page.waitForFunction(() => (document.querySelector('[role="dialog"] img')?.getClientRects()[0]?.width ?? 0) > 0);
      for (const key of ['+', '+', '+']) await page.keyboard.press(key);
      await expect.poll(scale).toBeCloseTo(1.5 ** 3, 1);
      const left = () =>
        dialog()
          .getByRole('img')
          .first()
          .evaluate((image) => image.getBoundingClientRect().left);
      const begun = await left();
      await page.keyboard.press('ArrowRight');
      await expect.poll(left).toBeLessThan(begun - 40);
      await expect.poll(shownName).toBe('Image: Text to image, 2');
      const stage = (await dialog().locator('[data-scale]').boundingBox()) as { x: number; y: number; width: number; height: number };
      const [x, y] = [stage.x + stage.width / 2, stage.y + stage.height / 2];
      const dragged = await left();
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 60, y, { steps: 4 });
      await page.mouse.up();
      await expect.poll(left).toBeCloseTo(dragged + 60, 0);
      await page.keyboard.press('0');
      await expect.poll(scale).toBe(1);
      await page.mouse.wheel(0, -400);
      await expect.poll(scale).toBeGreaterThan(1.5);
      await button(page, 'Fit (0)').click();
      await expect.poll(scale).toBe(1);
      await page.keyboard.press('s');
      await button(page, 'Remove star (S)').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(focusedName).toBe('Enlarge Image 2 of Text to image');
      expect(visitor.complaints()).toEqual([]);
    });

    test('two fingers enlarge an image, and one that sweeps over it goes to the next', async () => {
      const phone = await browser.newContext({ viewport: { width: 400, height: 800 }, hasTouch: true, storageState: await visitor.context.storageState() });
      phone.setDefaultTimeout(300_000);
      const small = await phone.newPage();
      await small.goto(`${studio.url}/runs/${batch.id}`);
      await button(small, 'Enlarge Image 1 of Text to image').click();
      const stage = small.getByRole('dialog').locator('[data-scale]');
      await button(small, 'Zoom in (+)').waitFor();
      await small.waitForFunction(() => (document.querySelector('[role="dialog"] img')?.getClientRects()[0]?.width ?? 0) > 0);
      expect(await small.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      const box = (await stage.boundingBox()) as { x: number; y: number; width: number; height: number };
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      const session = await phone.newCDPSession(small);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', xs: readonly number[]) =>
        session.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((at, id) => ({ x: at, y, id })) });
      await touch('touchStart', [x + 90]);
      await touch('touchMove', [x]);
      await touch('touchMove', [x - 90]);
      await touch('touchEnd', []);
      await small.getByText('2 / 3', { exact: true }).waitFor();
      await small.waitForFunction(() => (document.querySelector('[role="dialog"] img')?.getClientRects()[0]?.width ?? 0) > 0);
      await touch('touchStart', [x - 30, x + 30]);
      await touch('touchMove', [x - 60, x + 60]);
      await touch('touchMove', [x - 90, x + 90]);
      await touch('touchEnd', []);
      await expect.poll(async () => Number(await stage.getAttribute('data-scale'))).toBeGreaterThan(2);
      await phone.close();
    });

    test('two images lie over each other with a slider that keys and the pointer move, and what differs is listed, on request all', async () => {
      const again = await studio.client.api.runs.create({ chain: 'text-to-image', inputs: { prompt: { text: 'a red apple' } }, set: { seed: 7, steps: 7 } });
      await studio.ended(again.id);
      await page.goto(`${studio.url}/gallery?q=apple`);
      const tiles = page.getByRole('grid').getByRole('link', { name: 'Image: a red apple', exact: true });
      await tiles.nth(1).waitFor();
      for (const tile of [tiles.first(), tiles.last()]) {
        await tile.focus();
        await page.keyboard.press('Space');
      }
      await button(page, 'Compare').press('Enter');
      const row = (name: string) =>
        dialog()
          .getByRole('row')
          .filter({ has: page.getByRole('rowheader', { name, exact: true }) });
      await row('Steps').waitFor();
      await expect.poll(() => row('Steps').getByRole('cell').allTextContents()).toEqual(['20', '7']);
      expect(await row('Seed').count()).toBe(0);
      await button(page, 'Show all parameters').click();
      await expect.poll(() => row('Seed').getByRole('cell').allTextContents()).toEqual(['7', '7']);
      const slider = dialog().getByRole('slider', { name: 'How much of the left image is shown' });
      const clip = () =>
        dialog()
          .getByRole('img', { name: /^Left: /, includeHidden: true })
          .evaluate((image) => getComputedStyle(image).clipPath);
      await slider.press('End');
      await expect.poll(clip).toBe('inset(0px 0% 0px 0px)');
      await slider.press('Home');
      await expect.poll(() => slider.getAttribute('aria-valuenow')).toBe('0');
      const box = (await slider.boundingBox()) as { x: number; y: number; width: number; height: number };
      await page.mouse.click(box.x + box.width * 0.25, box.y + box.height / 2);
      await expect.poll(() => slider.getAttribute('aria-valuenow')).toBe('25');
      await slider.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Compare');
      await visitRun(single);
      await button(page, 'Compare Text to image').press('Enter');
      await row('Steps').waitFor();
      expect(visitor.complaints()).toEqual([]);
    });

    test('videos play in the viewer and beside each other, a recording has its wave, and what differs is listed', async () => {
      const [a, b] = idsOf(batch) as [OutputId, OutputId];
      const image = { modality: 'image' } as const;
      const film = async (framesPerSecond: number) => {
        const steps = [{ task: 'frames-to-video', inputs: { frames: ['inputs.a', 'inputs.b'] }, parameters: { framesPerSecond } }];
        const chain = { name: `Film ${framesPerSecond}`, inputs: { a: image, b: image }, steps };
        const run = await studio.client.api.runs.create({ chain, inputs: { a: { outputId: a }, b: { outputId: b } } });
        return studio.ended(run.id);
      };
      await film(2);
      await visitRun(await film(3));
      await button(page, 'Enlarge Frames to video').press('Enter');
      const video = dialog().locator('video');
      await video.waitFor();
      await expect.poll(() => video.getAttribute('aria-label')).toMatch(/^Video: /);
      expect(await lastingProblems(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await button(page, 'Compare Frames to video').press('Enter');
      const row = dialog()
        .getByRole('row')
        .filter({ has: page.getByRole('rowheader', { name: 'Frames per second', exact: true }) });
      await row.waitFor();
      await expect.poll(() => row.getByRole('cell').allTextContents()).toEqual(['2', '3']);
      await expect.poll(() => dialog().locator('video').count()).toBe(2);
      expect(await lastingProblems(page)).toEqual([]);
      const { outputId } = await studio.client.upload(readFileSync(recording), { name: 'jfk.wav', mediaType: 'audio/wav' });
      await page.goto(`${studio.url}/gallery/${outputId}`);
      await page.locator('audio').waitFor();
      await page.locator('[data-modality="audio"] rect').first().waitFor({ state: 'attached' });
      expect(await lastingProblems(page)).toEqual([]);
      expect(visitor.complaints()).toEqual([]);
    });

    test.each(['dark', 'light'])('axe finds nothing in the viewer and in the window that compares, in the %s theme', async (theme) => {
      await page.addInitScript((chosen) => localStorage.setItem('atelier-theme', chosen), theme);
      const problems: string[] = [];
      for (const opener of ['Compare Text to image', 'Enlarge Text to image']) {
        await visitRun(single);
        await button(page, opener).press('Enter');
        await page.getByRole('dialog').getByRole('img').first().waitFor();
        await page.waitForFunction(() =>
          document.getAnimations().every(({ playState, effect }) => playState === 'finished' || effect?.getTiming().iterations === Number.POSITIVE_INFINITY),
        );
        for (const problem of await lastingProblems(page)) problems.push(`${opener}: ${problem}`);
      }
      expect(problems).toEqual([]);
    });
  },
);
