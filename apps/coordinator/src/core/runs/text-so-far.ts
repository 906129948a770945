import { limits, type RunEvent, type RunId } from '@atelier/protocol';

type TextEvent = Extract<RunEvent, { kind: 'text' }>;

/** Characters of all texts together that are kept; beyond it later watchers read a text when it is whole. */
const mostCharacters = 32 * 1024 ** 2;

/** The texts that are being written, for those who begin to watch in their middle. Bounded, and only in memory. */
export class TextsSoFar {
  readonly #byRun = new Map<RunId, Map<string, TextEvent>>();
  #characters = 0;

  add(runId: RunId, event: TextEvent): void {
    const texts = this.#byRun.get(runId) ?? new Map<string, TextEvent>();
    const before = texts.get(event.attemptId);
    // One that was too long is not begun again in its middle.
    if (before?.delta === '' && before.soFar) return;
    const delta = (before?.delta ?? '') + event.delta;
    const fits = delta.length <= limits.textBytes && this.#characters + event.delta.length <= mostCharacters;
    this.#characters += fits ? event.delta.length : -(before?.delta.length ?? 0);
    texts.set(event.attemptId, { ...event, delta: fits ? delta : '', soFar: true });
    this.#byRun.set(runId, texts);
  }

  of(runId: RunId): TextEvent[] {
    return [...(this.#byRun.get(runId)?.values() ?? [])].filter(({ delta }) => delta !== '');
  }

  forget(runId: RunId, attemptId: string): void {
    const texts = this.#byRun.get(runId);
    this.#characters -= texts?.get(attemptId)?.delta.length ?? 0;
    texts?.delete(attemptId);
    if (texts?.size === 0) this.#byRun.delete(runId);
  }
}
