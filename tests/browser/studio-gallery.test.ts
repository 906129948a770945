import { readFileSync } from 'node:fs';
import { readPicture } from '@atelier/media';
import type { GalleryPage, OutputId, RunId, RunView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inOrder } from '../support/in-order.ts';
import type { Studio } from '../support/studio.ts';
import { type VisitedStudio, visitStudio, withoutStudio } from '../support/visited-studio.ts';
import { Visitor } from '../support/visitor.ts';

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
const item = (page: Page, name: string) => page.getByRole('menuitem', { name, exact: true });
const tile = (page: Page, name: string) => page.getByRole('grid').getByRole('link', { name, exact: true });
const idIn = (page: Page) => new URL(page.url()).pathname.split('/')[2] as string;

/** Mean difference of two pictures in a square of their pixels, 0 to 255. */
function difference(one: Picture, other: Picture, { left, top, side }: { left: number; top: number; side: number }): number {
  const channels = one.data.length / (one.width * one.height);
  let sum = 0;
  for (let y = top; y < top + side; y += 1) {
    for (let x = left; x < left + side; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        const at = (y * one.width + x) * channels + channel;
        sum += Math.abs((one.data[at] as number) - (other.data[at] as number));
      }
    }
  }
  return sum / (side * side * 3);
}
type Picture = Awaited<ReturnType<typeof readPicture>>;

describe.skipIf(withoutStudio)(`the gallery in a browser${withoutStudio ? ` (skipped: ${withoutStudio})` : ''}`, () => {
  let studio: Studio;
  let visited: VisitedStudio;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  let apple: RunView;
  /** The picture as it was saved, with its recipe inside. */
  let saved: Buffer;
  const appleId = () => apple.steps[0]?.outputs[0]?.id as OutputId;

  beforeAll(async () => {
    visited = await visitStudio();
    ({ studio, browser, visitor, page } = visited);
  });

  inOrder();

  afterAll(async () => {
    await visited?.[Symbol.asyncDispose]();
  });

  /** Runs what is composed, to its end. */
  const runComposed = async (): Promise<RunView> => {
    await button(page, 'Run').click();
    await page.waitForURL('**/runs/*');
    return studio.ended(idIn(page) as RunId);
  };
  const place = async (address: string) => {
    await page.goto(`${studio.url}${address}`);
    await page.getByRole('heading', { name: 'Gallery', exact: true }).waitFor();
  };
  /** What the person at the browser has, asked past the page. */
  const listed = (query = ''): Promise<GalleryPage> => page.evaluate(async (asked) => (await fetch(`/api/gallery${asked}`)).json(), query);
  const bytesOf = async (id: OutputId): Promise<Picture> => readPicture(new Uint8Array(await (await studio.client.download(id)).arrayBuffer()));

  test('an empty gallery says what it will hold and offers examples; a picture that is made lands in it', async () => {
    await place('/gallery');
    await page.getByRole('heading', { name: 'Nothing made yet' }).waitFor();
    await button(page, 'Edit Words to image').click();
    await page.getByRole('textbox', { name: /^Text/ }).fill('a red apple');
    apple = await runComposed();
    expect(apple.state).toBe('succeeded');
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await tile(page, 'Image: a red apple').waitFor();
    await page.getByRole('heading', { name: 'Today' }).waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('it is found by the beginnings of its words, and the search stands in the address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('zebra');
    await page.getByRole('heading', { name: 'No matches' }).waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('zebra');
    await page.getByRole('searchbox').fill('appl red');
    await tile(page, 'Image: a red apple').waitFor();
    await page.reload();
    await tile(page, 'Image: a red apple').waitFor();
    await button(page, 'Videos').click();
    await page.getByRole('heading', { name: 'No matches' }).waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('by keys it is starred, deleted, and brought back by undo and from what is deleted', async () => {
    await place('/gallery');
    await tile(page, 'Image: a red apple').focus();
    await page.keyboard.press('s');
    await button(page, 'Remove star from Image: a red apple').waitFor();
    await button(page, 'Stars').click();
    await tile(page, 'Image: a red apple').focus();
    await page.keyboard.press('Delete');
    await page.getByRole('heading', { name: 'No stars yet' }).waitFor();
    expect((await listed()).items).toEqual([]);
    await button(page, 'Undo').click();
    await tile(page, 'Image: a red apple').waitFor();
    expect((await listed('?starred=true')).items.map(({ id }) => id)).toEqual([appleId()]);

    await tile(page, 'Image: a red apple').focus();
    await page.keyboard.press('Space');
    await page.getByRole('region', { name: 'Selection' }).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'No stars yet' }).waitFor();
    await button(page, 'Deleted').click();
    await tile(page, 'Image: a red apple').focus();
    await page.keyboard.press('Space');
    await button(page, 'Restore').click();
    await page.getByRole('heading', { name: 'Nothing deleted' }).waitFor();
    await button(page, 'Made here').click();
    await button(page, 'Remove star from Image: a red apple').click();
    await button(page, 'Star Image: a red apple').waitFor();
    await button(page, 'Stars').click();
    await page.getByRole('heading', { name: 'No stars yet' }).waitFor();
    await button(page, 'Made here').click();
    await tile(page, 'Image: a red apple').waitFor();
    expect(visitor.complaints()).toEqual([]);
  });

  test('what is made public is seen and saved by a stranger, and no longer when it is private again', async () => {
    await tile(page, 'Image: a red apple').click();
    await page.getByRole('switch', { name: 'Public' }).click();
    await page.getByText(`${studio.url}/public/${appleId()}`).waitFor();
    const stranger = await Visitor.come(browser);
    await stranger.page.goto(`${studio.url}/public`);
    await tile(stranger.page, 'Image: a red apple').click();
    const shown = stranger.page.getByRole('dialog').getByRole('img');
    await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(128);
    const [download] = await Promise.all([stranger.page.waitForEvent('download'), stranger.page.getByRole('link', { name: 'Download' }).click()]);
    saved = readFileSync(await download.path());
    expect(readRecipe(saved)?.inputs).toEqual({ prompt: { text: 'a red apple' } });
    expect(stranger.complaints()).toEqual([]);

    await page.getByRole('switch', { name: 'Public' }).click();
    await page.getByText('Only you and the owners of this studio see it.').waitFor();
    await stranger.page.reload();
    await stranger.page.getByRole('heading', { name: 'Not public' }).waitFor();
    expect((await fetch(`${studio.url}/api/public/outputs/${appleId()}/content`)).status).toBe(404);
    expect(stranger.complaints()).toEqual([]);
    await stranger.context.close();
    expect(visitor.complaints()).toEqual([]);
  });

  test('a saved picture that is dropped restores its chain with the same seed, which outlives a reload', async () => {
    await page.keyboard.press('Escape');
    await visitor.drop({ name: 'apple.png', mediaType: 'image/png', bytes: saved });
    await page.getByRole('dialog').getByText('starter-diffusion, with the same files').waitFor();
    await button(page, 'Restore recipe').click();
    const seed = String(apple.steps[0]?.parameters.seed);
    const restored = async () => {
      await page.getByRole('region', { name: 'Chain' }).getByRole('button', { name: 'Text to image', exact: true }).click();
      await expect.poll(() => page.getByRole('textbox', { name: /^Text/ }).inputValue()).toBe('a red apple');
      await expect.poll(() => page.getByLabel('Seed', { exact: true }).inputValue()).toBe(seed);
    };
    await restored();
    await page.reload();
    await restored();
    const again = await runComposed();
    expect([again.steps[0]?.outputs[0]?.hash, again.steps[0]?.cached]).toEqual([apple.steps[0]?.outputs[0]?.hash, 1]);
    expect(visitor.complaints()).toEqual([]);
  });

  test('a mask is painted over a picture of the gallery, and only what is under it is redrawn', async () => {
    await page.goto(`${studio.url}/gallery/${appleId()}`);
    await button(page, 'Use as image for').click();
    await item(page, 'Inpainting').click();
    await button(page, 'Paint mask').click();
    const canvas = page.getByRole('img', { name: /^Mask over the image/ });
    const box = (await canvas.boundingBox()) as { x: number; y: number; width: number; height: number };
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.45, 0.45));
    await page.mouse.down();
    await page.mouse.move(...at(0.55, 0.6), { steps: 6 });
    await page.mouse.up();
    await button(page, 'Invert (I)').click();
    await button(page, 'Undo (Ctrl Z)').click();
    await button(page, 'Use this mask').click();
    await page.getByText('· uploaded').waitFor();
    await page.getByRole('textbox', { name: /^Text/ }).fill('a green pear');
    const inpainted = await runComposed();
    expect(inpainted.state).toBe('succeeded');
    const mask = await bytesOf(inpainted.inputs.find(({ name }) => name === 'mask')?.outputId as OutputId);
    const [before, after] = await Promise.all([bytesOf(appleId()), bytesOf(inpainted.steps[0]?.outputs[0]?.id as OutputId)]);
    expect([mask.width, mask.height]).toEqual([before.width, before.height]);
    expect(difference(before, after, { left: 4, top: 4, side: 24 })).toBeLessThan(1);
    expect(difference(before, after, { left: 58, top: 60, side: 10 })).toBeGreaterThan(3);
    expect(visitor.complaints()).toEqual([]);
  });

  test('its lineage leads to its parents, and using it again fills in picture, mask and words', async () => {
    await place('/gallery');
    await page.getByRole('grid').getByRole('link').first().click();
    const parents = page.getByRole('list', { name: 'Made from', exact: true }).getByRole('listitem');
    await parents.nth(2).waitFor();
    await button(page, 'Use again').click();
    await page.getByText('· from your gallery').nth(1).waitFor();
    await expect.poll(() => page.getByRole('textbox', { name: /^Text/ }).inputValue()).toBe('a green pear');
    await expect.poll(() => button(page, 'Run').isEnabled()).toBe(true);
    expect(visitor.complaints()).toEqual([]);
  });

  test.each(['dark', 'light'])('in a window of 400 pixels neither gallery, item nor public page is wider than it, in the %s theme', async (theme) => {
    await page.setViewportSize({ width: 400, height: 800 });
    await place('/gallery');
    await button(page, 'Theme').click();
    await page.getByRole('menuitemradio', { name: theme === 'dark' ? 'Dark' : 'Light' }).click();
    const wide: Record<string, number> = {};
    for (const address of ['/gallery', `/gallery/${appleId()}`, '/public']) {
      await page.goto(`${studio.url}${address}`);
      await page.getByRole('img').or(page.getByRole('heading')).first().waitFor();
      wide[address] = await visitor.overflow();
    }
    expect(Object.entries(wide).filter(([, pixels]) => pixels > 0)).toEqual([]);
    expect(visitor.complaints()).toEqual([]);
  });
});
