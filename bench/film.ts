/**
 * Time, size and memory of films: GIF, WebP and MP4 of 240 and of 2,400 frames of 512 x 512 pixels, each in a process of its own.
 * The frames are blends of two drawings with a soft gradient, made one at a time. See README.md for what this does not measure.
 *
 *     node bench/film.ts [FRAMES...]
 */
import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FilmFormat, filmFormats, openFilmWriter, type RgbPicture, readPicture, resizePicture, sampleNumbers } from '@atelier/media';
import { type Figure, writeResults } from './support/results.ts';

const size = { width: 512, height: 512 };
const reference = join(import.meta.dirname, '../models/starter-diffusion/reference');

interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
  readonly peakGrowthMegabytes: number;
}

async function drawing(name: string): Promise<RgbPicture> {
  return resizePicture(await readPicture(await readFile(join(reference, `${name}.png`))), size);
}

function blend(from: RgbPicture, to: RgbPicture, share: number): RgbPicture {
  const data = new Uint8Array(from.data.length);
  for (let i = 0; i < data.length; i++) data[i] = (1 - share) * (from.data[i] as number) + share * (to.data[i] as number);
  return { ...size, data };
}

async function measure(format: FilmFormat, count: number): Promise<Measured> {
  const [from, to] = [await drawing('castle'), await drawing('apple')];
  const frame = (number: number) => blend(from, to, (1 - Math.cos((2 * Math.PI * number) / count)) / 2);
  const folder = await mkdtemp(join(tmpdir(), 'atelier-film-bench-'));
  const path = join(folder, `film.${format}`);
  const used = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
  const before = { used: used(), peak: process.resourceUsage().maxRSS };
  const film = await openFilmWriter(path, { format, framesPerSecond: 12, ...size, sample: () => sampleNumbers(count).map(frame) });
  for (let number = 0; number < count; number++) await film.add(frame(number));
  await film.close();
  const measured = {
    seconds: used() - before.used,
    megabytes: (await stat(path)).size / 1e6,
    peakGrowthMegabytes: (process.resourceUsage().maxRSS - before.peak) / 1e3,
  };
  await rm(folder, { recursive: true });
  return measured;
}

function inProcessOfItsOwn(format: FilmFormat, count: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [String(count)], { env: { ...process.env, ATELIER_BENCH_FORMAT: format } });
    child.once('message', (measured) => resolve(measured as Measured));
    child.once('exit', () => reject(new Error(`${format} of ${count} frames was not finished`)));
  });
}

const counts = process.argv.slice(2).map(Number);
const format = filmFormats.find((known) => known === process.env.ATELIER_BENCH_FORMAT);
if (format !== undefined) {
  process.send?.(await measure(format, counts[0] as number));
} else {
  const figures: Figure[] = [];
  for (const count of counts.length > 0 ? counts : [240, 2400]) {
    for (const each of filmFormats) {
      const { seconds, megabytes, peakGrowthMegabytes } = await inProcessOfItsOwn(each, count);
      figures.push({ name: `${each}, ${count} frames: processor time a frame`, value: (1000 * seconds) / count, unit: 'ms' });
      figures.push({ name: `${each}, ${count} frames: size`, value: megabytes, unit: 'MB' });
      figures.push({ name: `${each}, ${count} frames: growth of the peak memory`, value: peakGrowthMegabytes, unit: 'MB' });
    }
  }
  writeResults('film', figures);
}
