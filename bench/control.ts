/**
 * How soon a running step hears what it is told: from the request (PATCH) until its driver has read it, and until the
 * requester sees that it has taken effect. With nothing else going on, and while no-op steps are committed all the time; over a plain HTTP round trip of the same studio.
 * Run it with Node 22.18 or newer: `node bench/control.ts`.
 */
import { join } from 'node:path';
import type { RunEvent, RunId } from '@atelier/protocol';
import { counterModel, counterTask } from '../tests/support/counters.ts';
import type { Studio } from '../tests/support/studio.ts';
import { noOpModel } from './support/no-op.ts';
import { createNoOpRun, newStudio, writeEdgeFile } from './support/no-op-studio.ts';
import { type Figure, median, quantile, writeResults } from './support/results.ts';

const rounds = 150;
const betweenMs = 60;

async function startStudio(): Promise<Studio> {
  const studio = newStudio({ tasks: [join(import.meta.dirname, 'support/no-op.ts'), counterTask] });
  writeEdgeFile(studio, 'local', { slots: 3, models: [noOpModel, counterModel] });
  await studio.start();
  await studio.offered('counter');
  return studio;
}

/** Hears what a counter says of its controls, by their numbers. */
class Ear {
  readonly #heard = new Map<number, number>();
  readonly #applied = new Map<number, number>();
  readonly #news = new Set<() => void>();
  #text = '';

  async listen(studio: Studio, id: RunId, signal: AbortSignal): Promise<void> {
    for await (const event of studio.client.watchRun(id, { signal })) this.#take(event);
  }

  #take(event: RunEvent): void {
    if (event.kind === 'text') {
      this.#text += event.delta;
      for (const [, number, at] of this.#text.matchAll(/heard (\d+) (\d+);/g)) this.#heard.set(Number(number), Number(at));
      this.#text = this.#text.slice(this.#text.lastIndexOf(';') + 1);
    }
    if (event.kind === 'control' && event.control.state === 'applied' && !this.#applied.has(event.control.number))
      this.#applied.set(event.control.number, Date.now());
    for (const look of [...this.#news]) look();
  }

  /** When its driver read a control, and when it was seen here that it had taken effect: milliseconds since 1970, of one machine's clock. */
  async of(number: number): Promise<{ heard: number; applied: number }> {
    for (;;) {
      const [heard, applied] = [this.#heard.get(number), this.#applied.get(number)];
      if (heard !== undefined && applied !== undefined) return { heard, applied };
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#news.add(resolve);
      await promise;
      this.#news.delete(resolve);
    }
  }
}

interface Measured {
  readonly answered: number[];
  readonly heard: number[];
  readonly applied: number[];
  readonly roundTrip: number[];
}

async function measure(studio: Studio): Promise<Measured> {
  const chain = { steps: [{ id: 'count', task: 'counter', parameters: { iterations: 1_000_000, everyMs: 1 } }] };
  const run = await studio.client.api.runs.create({ chain });
  const ear = new Ear();
  const stop = new AbortController();
  const listening = ear.listen(studio, run.id, stop.signal);
  await runs(studio, run.id);
  const measured: Measured = { answered: [], heard: [], applied: [], roundTrip: [] };
  for (let round = 0; round < rounds; round += 1) {
    const asked = performance.now();
    await fetch(`${studio.url}/healthz`).then((answer) => answer.text());
    const begun = performance.now();
    measured.roundTrip.push(begun - asked);
    const sent = Date.now();
    const { number } = await studio.client.api.runs.control({ id: run.id, stepId: 'count', kind: 'size', value: { size: round } });
    measured.answered.push(performance.now() - begun);
    const { heard, applied } = await ear.of(number);
    measured.heard.push(heard - sent);
    measured.applied.push(applied - sent);
    await new Promise((resolve) => setTimeout(resolve, betweenMs));
  }
  await studio.client.api.runs.cancel({ id: run.id });
  stop.abort();
  await listening;
  return measured;
}

async function runs(studio: Studio, id: RunId): Promise<void> {
  for await (const event of studio.client.watchRun(id)) if (event.kind === 'progress') return;
}

function figures(when: string, { roundTrip, ...times }: Measured): Figure[] {
  const trip = median(roundTrip);
  const all = Object.entries({ 'answer to the request': times.answered, 'driver has read it': times.heard, 'it has taken effect': times.applied });
  return [
    { name: `${when}: plain round trip: p50`, value: trip, unit: 'ms' },
    ...all.flatMap(([name, values]) => [
      { name: `${when}: ${name}: p50`, value: median(values), unit: 'ms' },
      { name: `${when}: ${name}: p95`, value: quantile(values, 0.95), unit: 'ms' },
      { name: `${when}: ${name}: p50 over a plain round trip`, value: median(values) / trip, unit: 'times' },
    ]),
  ];
}

/** Commits of other steps, one after the other, until it is told to stop. */
async function keepBusy(studio: Studio, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await studio.ended((await createNoOpRun(studio, 20)).id);
}

await using studio = await startStudio();
const quiet = figures('nothing else', await measure(studio));
const stop = new AbortController();
const busy = [keepBusy(studio, stop.signal), keepBusy(studio, stop.signal)];
const loaded = figures('under load', await measure(studio));
stop.abort();
await Promise.all(busy);
writeResults('control', [...quiet, ...loaded]);
