import { readFileSync, rmSync } from 'node:fs';
import { inspectMp4 } from '@atelier/media';
import type { RunId, RunView } from '@atelier/protocol';
import type { Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inOrder } from '../support/in-order.ts';
import { linkedModels } from '../support/linked-models.ts';
import { Studio, starterModels } from '../support/studio.ts';
import { type VisitedStudio, visitStudio, withoutStudio } from '../support/visited-studio.ts';
import type { Visitor } from '../support/visitor.ts';

const idIn = (page: Page) => new URL(page.url()).pathname.split('/')[2] as RunId;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const scrubber = (page: Page) => page.getByRole('slider', { name: 'Frame', exact: true });
const bytesOf = async (download: Download) => readFileSync(await download.path());

describe.skipIf(withoutStudio)(`a walk in a browser${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`, () => {
  let models: string;
  let studio: Studio;
  let visited: VisitedStudio;
  let visitor: Visitor;
  let page: Page;
  let first: RunView;

  beforeAll(async () => {
    models = linkedModels(starterModels as string);
    visited = await visitStudio({ studio: new Studio({ arguments: ['--models', models] }), until: (one) => one.offered('starter-diffusion') });
    ({ studio, visitor, page } = visited);
  });

  inOrder();

  afterAll(async () => {
    await visited?.[Symbol.asyncDispose]();
    rmSync(models, { recursive: true, force: true });
  });

  const frames = (name: string) => page.getByRole('textbox', { name, exact: true });

  test('a mistake stands beside the keyframe that caused it, and the form outlives a reload', async () => {
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Walks' }).click();
    await page.getByText('Each walk you make plays here').waitFor();
    await frames('Prompt of keyframe 2').fill('');
    await button(page, 'Walk').click();
    await page.getByRole('group', { name: 'Keyframe 2' }).getByRole('alert').waitFor();
    await frames('Prompt of keyframe 2').fill('a yellow banana');
    await frames('Frames').fill('6');
    await button(page, 'More').click();
    await frames('Steps').fill('2');
    await page.reload();
    await frames('Prompt of keyframe 2').waitFor();
    await expect
      .poll(() => Promise.all(['Prompt of keyframe 2', 'Frames', 'Steps'].map((name) => frames(name).inputValue())))
      .toEqual(['a yellow banana', '6', '2']);
  });

  test('a walk of two words plays as soon as there are frames, and all its frames come', async () => {
    await button(page, 'Walk').click();
    await page.waitForURL('**/walks/*');
    await button(page, 'Pause the video (Space)').waitFor();
    first = await studio.ended(idIn(page));
    expect([first.state, first.steps.map((step) => step.outputs.length), first.steps[0]?.parameters.steps]).toEqual(['succeeded', [6, 1], 2]);
    await page.getByText('6 drawn').waitFor();
    await page.getByRole('link', { name: 'Download the MP4' }).waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('by keys alone one stops the film, goes from frame to frame and sees another picture at each end', async () => {
    await page.keyboard.press('Space');
    await button(page, 'Play the video (Space)').waitFor();
    await page.keyboard.press('Home');
    const seen: Buffer[] = [];
    const at = async (frame: number) => {
      await page.locator(`[data-frame="${frame}"]`).waitFor();
      await expect.poll(() => scrubber(page).getAttribute('aria-valuetext')).toBe(`Frame ${frame} of 6, drawn by ${first.steps[0]?.sharing[0]?.edgeName}`);
      seen.push(await page.getByRole('img', { name: /^The video of/ }).screenshot());
    };
    await at(1);
    for (let pressed = 0; pressed < 3; pressed += 1) await page.keyboard.press('ArrowRight');
    await at(4);
    await page.keyboard.press('End');
    await at(6);
    await page.keyboard.press('Home');
    await at(1);
    expect([seen[0]?.equals(seen[3] as Buffer), seen[0]?.equals(seen[2] as Buffer)]).toEqual([true, false]);
    await scrubber(page).click({ position: { x: 2, y: 8 } });
    await at(1);
    expect(visitor.complaints()).toEqual([]);
  });

  test('the film and the frames are downloaded, and another format is made without drawing anything again', async () => {
    const [film] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the MP4' }).click()]);
    expect(inspectMp4(await bytesOf(film)).frames).toBeGreaterThanOrEqual(6);
    const [zip] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /Frames 6$/ }).click()]);
    expect((await bytesOf(zip)).subarray(0, 2).toString()).toBe('PK');
    const [gif] = await Promise.all([page.waitForEvent('download'), button(page, /^Make and download the GIF/).click()]);
    expect((await bytesOf(gif)).subarray(0, 3).toString()).toBe('GIF');
    await page.getByRole('link', { name: 'Download the GIF' }).waitFor();
    const [made] = await studio.client.api.runs.list({ limit: 1, task: 'latent-walk' });
    expect([made?.parentRunId, made?.steps.map((step) => step.reused)]).toEqual([first.id, [true, false]]);
    expect(visitor.complaints()).toEqual([]);
  });

  test('a walk that is lengthened says what it keeps, and keeps it', async () => {
    await button(page, 'Lengthen').click();
    await page.getByRole('menuitem', { name: 'Twice the frames, twice as long' }).click();
    await page.getByText('6 of 11 frames are kept, 5 will be drawn.').waitFor();
    await button(page, 'Walk').click();
    await page.waitForURL((url) => url.pathname.startsWith('/walks/') && !url.pathname.endsWith(first.id));
    const longer = await studio.ended(idIn(page));
    expect([longer.state, longer.steps[0]?.outputs.length, longer.steps[0]?.cached]).toEqual(['succeeded', 11, 6]);
    await page.getByText('6 frames were reused from the cache.').waitFor();
    const hashes = (run: RunView) => run.steps[0]?.outputs.map((output) => output.hash) ?? [];
    expect(hashes(longer).filter((_, frame) => frame % 2 === 0)).toEqual(hashes(first));
    expect(visitor.complaints()).toEqual([]);
  });

  test('a result becomes a keyframe, and both walks are listed while the further film is not', async () => {
    await page.goto(`${studio.url}/walks?picture=${first.steps[0]?.outputs[0]?.id}&prompt=a+red+apple`);
    const list = page.getByRole('list', { name: 'Recent walks' });
    await list.getByRole('listitem').nth(1).waitFor();
    await expect.poll(() => list.getByRole('listitem').count()).toBe(2);
    await page.getByRole('img', { name: 'a red apple' }).waitFor();
    await expect.poll(() => new URL(page.url()).search).toBe('');
    await page.setViewportSize({ width: 400, height: 800 });
    const wide = [await visitor.overflow()];
    await page.goto(`${studio.url}/walks/${first.id}`);
    await scrubber(page).waitFor();
    wide.push(await visitor.overflow());
    expect(wide).toEqual([0, 0]);
    expect(visitor.complaints()).toEqual([]);
  });
});
