/**
 * How smoothly the gallery scrolls through 10,000 items in a real browser: time from frame to frame while it is scrolled evenly,
 * with pages and thumbnails fetched on the way. See README.md for what this does not measure.
 * Run it with Node 22.18 or newer after `node setup.mjs`: `node bench/gallery-scroll.ts`.
 */
import { launchBrowser } from '../tests/support/browser.ts';
import { openStudioDatabase } from '../tests/support/studio-database.ts';
import { Visitor } from '../tests/support/visitor.ts';
import { newStudio } from './support/no-op-studio.ts';
import { type Figure, quantile, writeResults } from './support/results.ts';

const items = 10_000;
const pixelsPerFrame = 60;
const frames = 600;

await using studio = newStudio();
await studio.start();
await studio.ready();
const browser = await launchBrowser();
await using _closing = { [Symbol.asyncDispose]: () => browser.close() };
const { page } = await Visitor.come(browser);
await page.goto(studio.welcomeUrl as string);
await page.getByLabel('Name').fill('Ada Lovelace');
await page.getByLabel('Email').fill('ada@example.test');
await page.getByLabel('Password').fill('a long enough password');
await page.getByRole('button', { name: 'Open the studio' }).click();
await page.getByRole('navigation', { name: 'Pages' }).waitFor();

const run = await studio.client.api.runs.create({
  chain: { steps: [{ task: 'text-to-image', parameters: { count: 12, steps: 4 } }] },
  inputs: { prompt: { text: 'a red apple' } },
});
await studio.ended(run.id);
const database = await openStudioDatabase(studio);
await database.pool.query(
  `INSERT INTO outputs (id, user_id, run_id, step_id, shard, port, index, hash, media_type, modality, caption, listed, created_at)
  SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, o.user_id, o.run_id, o.step_id, 100 + n, o.port, 0, o.hash, o.media_type, o.modality, o.caption || ' ' || n,
    true, now() - n * interval '4 minutes'
  FROM generate_series(1, $1) n JOIN outputs o ON o.run_id = $2 AND o.shard = n % 12 AND o.step_id IS NOT NULL`,
  [items, run.id],
);
await database.close();

await page.goto(`${studio.url}/gallery`);
await page.getByRole('grid').getByRole('link').nth(20).waitFor();
const gaps = await page.evaluate(
  async ([step, count]) => {
    const scroller = [...document.querySelectorAll('*')].find((element) => element.scrollHeight > element.clientHeight + 1000) ?? document.scrollingElement;
    const measured: number[] = [];
    let before = performance.now();
    for (let frame = 0; frame < count; frame += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      measured.push(now - before);
      before = now;
      scroller?.scrollBy(0, step);
    }
    return measured;
  },
  [pixelsPerFrame, frames] as const,
);
const tiles = await page.getByRole('grid').getByRole('link').count();
const figures: Figure[] = [
  { name: `frame to frame while scrolling ${pixelsPerFrame} px a frame, ${items} items: median`, value: quantile(gaps, 0.5), unit: 'ms' },
  { name: 'frame to frame: p95', value: quantile(gaps, 0.95), unit: 'ms' },
  { name: 'frame to frame: p99', value: quantile(gaps, 0.99), unit: 'ms' },
  { name: 'frames a second over the whole way', value: 1000 / (gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length), unit: 'frames/s' },
  { name: 'tiles in the page at its end', value: tiles, unit: 'tiles' },
];
writeResults('gallery-scroll', figures);
