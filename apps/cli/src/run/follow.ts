import type { AtelierClient } from '@atelier/client';
import type { RunEvent, RunId, RunView, StepView } from '@atelier/protocol';
import { createBars } from '../terminal/bars.ts';
import { formatSeconds } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What a run's events add up to, step by step. */
class Picture {
  readonly steps = new Map<string, StepView>();

  take(event: RunEvent): StepView[] {
    const changed = event.kind === 'snapshot' ? event.run.steps : event.kind === 'step' ? [event.step] : [];
    const news = changed.filter((step) => this.steps.get(step.id)?.state !== step.state);
    for (const step of changed) this.steps.set(step.id, step);
    return news;
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
      for (const step of picture.take(event)) showStep(step, terminal, bars);
      if (event.kind === 'progress') bars.show(event.stepId, event.fraction, progressMessage(event, picture.edgeOf(event.stepId)));
      if (event.kind === 'text') {
        const text = (texts.get(event.stepId) ?? '') + event.delta;
        texts.set(event.stepId, text);
        if (terminal.live) bars.show(event.stepId, 0.5, `on ${picture.edgeOf(event.stepId)}: ${lastWords(text, terminal.width)}`);
      }
    }
  } finally {
    bars.stop();
  }
  return signal.aborted ? undefined : client.api.runs.get({ id });
}

function showStep(step: StepView, terminal: Terminal, bars: ReturnType<typeof createBars>): void {
  const where = step.offer ? `${step.offer.modelName} on ${step.offer.edgeName}` : '';
  const took = step.startedAt && step.endedAt ? `, ${formatSeconds((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000)}` : '';
  const lines: Partial<Record<StepView['state'], string>> = {
    running: `runs: ${where}`,
    succeeded: step.reused ? 'taken over from before' : `done: ${where}${took}`,
    failed: `failed: ${step.error?.message ?? where}`,
    cancelled: 'stopped',
  };
  const line = lines[step.state];
  if (line === undefined) return;
  if (terminal.live) bars.show(step.id, step.state === 'succeeded' ? 1 : 0, line);
  else terminal.note(`${step.id} ${line}`);
}

function progressMessage(event: Extract<RunEvent, { kind: 'progress' }>, edge: string): string {
  const left = event.remainingSeconds === null ? '' : `, about ${formatSeconds(event.remainingSeconds)} left`;
  return `on ${edge}${left}${event.message ? `, ${event.message}` : ''}`;
}

function lastWords(text: string, width: number): string {
  const room = Math.max(20, Math.min(width, 100) - 60);
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > room ? `…${line.slice(-room)}` : line;
}
