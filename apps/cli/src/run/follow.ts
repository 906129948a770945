import type { AtelierClient } from '@atelier/client';
import { cutToEnd, type RunEvent, type RunId, type RunView, type StepView } from '@atelier/protocol';
import { createBars } from '../terminal/bars.ts';
import { formatSeconds } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { cacheLine, machinesOf, ShardProgress } from './shard-progress.ts';

/** What a run's events add up to, step by step. */
class Picture {
  readonly steps = new Map<string, StepView>();
  /** Of steps in several parts. */
  readonly shards = new Map<string, ShardProgress>();
  readonly #said = new Map<string, string>();

  take(event: RunEvent): StepView[] {
    const changed = event.kind === 'snapshot' ? event.run.steps : event.kind === 'step' ? [event.step] : [];
    const news = changed.filter((step) => this.steps.get(step.id)?.state !== step.state);
    for (const step of changed) this.#keep(step);
    if (event.kind === 'shard') this.shards.get(event.stepId)?.takeShard(event);
    return news;
  }

  #keep(step: StepView): void {
    this.steps.set(step.id, step);
    const known = this.shards.get(step.id);
    if (known) known.takeStep(step);
    else if (step.shards && step.shards.total > 1) this.shards.set(step.id, new ShardProgress(step));
  }

  /** Whether a line about a step is new: a step in several parts waits and runs by turns. */
  isNew(stepId: string, line: string): boolean {
    const isNew = this.#said.get(stepId) !== line;
    this.#said.set(stepId, line);
    return isNew;
  }

  edgeOf(stepId: string): string {
    return this.steps.get(stepId)?.offer?.edgeName ?? '';
  }
}

/**
 * Shows a run until it has ended: a bar a step with the machine's name where the standard error is a terminal, else a line for
 * every step that begins or ends. Text is written as it streams. With --json nothing is shown.
 * @returns the run as it ended; undefined where `signal` stopped the watching
 */
export async function followRun(client: AtelierClient, id: RunId, terminal: Terminal, signal: AbortSignal): Promise<RunView | undefined> {
  const bars = createBars(terminal);
  const picture = new Picture();
  const texts = new Map<string, string>();
  try {
    for await (const event of client.watchRun(id, { signal, onReconnect: (error) => error && bars.note('The connection broke; trying again ...') })) {
      for (const step of picture.take(event)) showStep(step, picture, terminal, bars);
      if (event.kind === 'shard') showShards(event.stepId, picture, bars);
      if (event.kind === 'progress' && !picture.shards.has(event.stepId))
        bars.show(event.stepId, event.fraction, progressMessage(event, picture.edgeOf(event.stepId)));
      if (event.kind === 'text') {
        const text = longer(texts.get(event.stepId), event);
        texts.set(event.stepId, text);
        if (terminal.live) bars.show(event.stepId, 0.5, `on ${picture.edgeOf(event.stepId)}: ${lastWords(text, terminal.width)}`);
      }
    }
  } finally {
    bars.stop();
  }
  return signal.aborted ? undefined : client.api.runs.get({ id });
}

function showShards(stepId: string, picture: Picture, bars: ReturnType<typeof createBars>): void {
  const shards = picture.shards.get(stepId);
  if (!shards) return;
  const { fraction, message } = shards.tell();
  bars.show(stepId, fraction, message);
}

/** Of a step that is done: where and how long, and what was not computed at all. */
function doneLine(step: StepView): string {
  if (step.reused) return 'taken over from before';
  const cached = cacheLine(step);
  if (cached && step.cached >= (step.shards?.total ?? 1)) return `done: ${cached}, nothing was computed`;
  const where = step.offer ? `${step.offer.modelName} on ${machinesOf(step)}` : '';
  const took = step.startedAt && step.endedAt ? `, ${formatSeconds((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000)}` : '';
  return `done: ${where}${took}${cached ? `, ${cached}` : ''}`;
}

function showStep(step: StepView, picture: Picture, terminal: Terminal, bars: ReturnType<typeof createBars>): void {
  const where = step.offer ? `${step.offer.modelName} on ${step.sharing.length > 1 ? `${step.sharing.length} machines` : step.offer.edgeName}` : '';
  const lines: Partial<Record<StepView['state'], string>> = {
    running: `runs: ${where}`,
    succeeded: doneLine(step),
    failed: `failed: ${step.error?.message ?? where}`,
    cancelled: 'stopped',
  };
  const line = lines[step.state];
  if (line === undefined || !picture.isNew(step.id, line)) return;
  const shards = step.state === 'running' ? picture.shards.get(step.id) : undefined;
  if (terminal.live) bars.show(step.id, shards?.tell().fraction ?? (step.state === 'succeeded' ? 1 : 0), line);
  else terminal.note(`${step.id} ${line}`);
}

function progressMessage(event: Extract<RunEvent, { kind: 'progress' }>, edge: string): string {
  const left = event.remainingSeconds === null ? '' : `, about ${formatSeconds(event.remainingSeconds)} left`;
  return `on ${edge}${left}${event.message ? `, ${event.message}` : ''}`;
}

function lastWords(text: string, width: number): string {
  const room = Math.max(20, Math.min(width, 100) - 60);
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > room ? `…${cutToEnd(line, room)}` : line;
}

/** What was heard of a text, with one more piece of it. */
function longer(before: string | undefined, { delta, soFar }: { readonly delta: string; readonly soFar?: boolean | undefined }): string {
  return soFar ? delta : (before ?? '') + delta;
}
