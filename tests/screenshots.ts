/**
 * Makes the pictures of docs/screenshots again, from a real studio with the three-server fleet and the starter models:
 *   ATELIER_TEST_MODELS=<store of starter models> node tests/screenshots.ts
 * Build the studio before (`node setup.mjs`).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { RunId } from '@atelier/protocol';
import type { Page } from 'playwright-core';
import { launchBrowser } from './support/browser.ts';
import { becomeOwner } from './support/owner.ts';
import { Studio } from './support/studio.ts';
import { Visitor } from './support/visitor.ts';

const root = path.resolve(import.meta.dirname, '..');
const folder = process.argv[2] ?? path.join(root, 'docs/screenshots');
// It comes with the media package.
const sharp = createRequire(path.join(root, 'packages/media/package.json'))('sharp') as (bytes: Buffer) => Sharp;
const title = 'Voice to video';

interface Sharp {
  png(options: { palette: boolean; effort: number }): { toBuffer(): Promise<Buffer> };
}

/** Lays the example into the composer and waits for its plan. */
async function compose(page: Page, studio: Studio): Promise<void> {
  await page.goto(studio.url);
  await page.getByRole('button', { name: `Edit ${title}` }).click();
  await page.getByText('· uploaded').waitFor();
  await page
    .getByRole('button', { name: /, chosen/ })
    .first()
    .waitFor();
}

/** Runs what is composed. @returns the run's id when it has ended */
async function runComposed(page: Page, studio: Studio): Promise<RunId> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL('**/runs/*');
  const id = new URL(page.url()).pathname.split('/')[2] as RunId;
  const run = await studio.ended(id);
  if (run.state !== 'succeeded') throw new Error(`The run ended as ${run.state}: ${run.error?.message ?? ''}`);
  await page.getByRole('button', { name: 'Run again' }).waitFor();
  return id;
}

async function theme(page: Page, name: 'Dark' | 'Light'): Promise<void> {
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name }).click();
}

/** Takes the whole page when its pictures, films and fonts are there, with nothing under the pointer. */
async function shoot(page: Page, name: string, greatestHeight = 2000): Promise<void> {
  const window = page.viewportSize() as { width: number; height: number };
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: window.width, height: Math.min(height, greatestHeight) });
  await page.mouse.move(0, 0);
  await page.evaluate(async (middle) => {
    scrollTo(0, 0);
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    for (const film of document.querySelectorAll('video')) {
      film.pause();
      film.controls = false;
      film.currentTime = middle * film.duration;
      await new Promise((resolve) => film.addEventListener('seeked', resolve, { once: true }));
    }
  }, 0.5);
  const taken = await sharp(await page.screenshot({ animations: 'disabled' }))
    .png({ palette: true, effort: 10 })
    .toBuffer();
  writeFileSync(path.join(folder, `${name}.png`), taken);
  await page.setViewportSize(window);
  console.log(`${name}: ${window.width} x ${Math.min(height, greatestHeight)}, ${Math.round(taken.length / 1000)} kB`);
}

/** A walk over all machines, taken while a part of its frames is there, and whole. */
async function walkAbout(page: Page, studio: Studio): Promise<void> {
  await page.goto(`${studio.url}/walks`);
  const field = (name: string) => page.getByRole('textbox', { name, exact: true });
  await field('Prompt of keyframe 1').fill('a red apple');
  await field('Prompt of keyframe 2').fill('a blue fish');
  await field('Frames').fill('33');
  await page.getByRole('button', { name: 'Walk', exact: true }).click();
  await page.waitForURL('**/walks/*');
  const id = new URL(page.url()).pathname.split('/')[2] as RunId;
  let half = false;
  const walk = await studio.ended(id, (event) => {
    half ||= event.kind === 'shard' && event.done >= 14;
    if (half) taken ??= shoot(page, 'walk-dark', 1100);
  });
  await taken;
  if (walk.state !== 'succeeded') throw new Error(`The walk ended as ${walk.state}: ${walk.error?.message ?? ''}`);
  await page.getByRole('link', { name: 'Download the MP4' }).waitFor();
  await theme(page, 'Light');
  await shoot(page, 'walk-light', 1100);
  await theme(page, 'Dark');
}
let taken: Promise<void> | undefined;

/** Pictures enough for a gallery. */
async function fillGallery(studio: Studio): Promise<void> {
  for (const [number, prompt] of ['a castle', 'a sleeping cat', 'a rocket', 'a blue car'].entries()) {
    const chain = { steps: [{ task: 'text-to-image', parameters: { count: 3, seed: 20 + number } }] };
    const run = await studio.client.api.runs.create({ chain, inputs: { prompt: { text: prompt } } });
    await studio.ended(run.id);
  }
}

mkdirSync(folder, { recursive: true });
await using studio = await Studio.start({ fleet: path.join(root, 'examples/fleets/three-servers.yaml') });
const browser = await launchBrowser();
await using _closing = { [Symbol.asyncDispose]: () => browser.close() };
const { page } = await Visitor.come(browser);
await becomeOwner(page, studio);
// The first runs measure every machine that is chosen, so that the last one is foretold from measurements.
for (const _ of ['cold', 'warm']) {
  await compose(page, studio);
  await runComposed(page, studio);
}
await compose(page, studio);
await shoot(page, 'chains-dark');
const run = await runComposed(page, studio);
await shoot(page, 'run-dark');
await theme(page, 'Light');
await shoot(page, 'run-light');
await theme(page, 'Dark');

await page.goto(`${studio.url}/fleet`);
await page.getByRole('region', { name: 'Measured links' }).waitFor();
await shoot(page, 'fleet-dark');

await walkAbout(page, studio);
await fillGallery(studio);
await page.goto(`${studio.url}/gallery`);
await page.getByRole('grid').getByRole('link').nth(11).waitFor();
await shoot(page, 'gallery-dark', 1000);

await page.setViewportSize({ width: 400, height: 800 });
await page.goto(`${studio.url}/runs/${run}`);
await page.getByRole('button', { name: 'Run again' }).waitFor();
await page.getByRole('button', { name: 'Enlarge Text to image' }).waitFor();
await shoot(page, 'run-phone', 900);
