import { cutText, limits } from '@atelier/protocol';
import type { PassingReport } from './slot-messages.ts';

/** Characters; a character can take three bytes in UTF-8, and two such may be joined. */
const longestDelta = Math.floor(limits.textBytes / 6);
const everyMs = { progress: 100, preview: 250, text: 100 } as const;

/**
 * Thins out what a driver tells: at most ten progress and text messages and four previews a second. Of progress and previews the newest wins,
 * texts are joined. What waits goes out by itself a moment later, or with {@link ThinReports.flush}.
 */
export class ThinReports {
  readonly #send: (report: PassingReport) => void;
  readonly #waiting = new Map<PassingReport['kind'], PassingReport>();
  readonly #sentAt = new Map<PassingReport['kind'], number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (report: PassingReport) => void) {
    this.#send = send;
  }

  progress(fraction: number, message?: string): void {
    if (!Number.isFinite(fraction)) return;
    this.#offer({ kind: 'progress', fraction: Math.min(1, Math.max(0, fraction)), message: message === undefined ? null : cutText(message, 200) });
  }

  preview(mediaType: string, bytes: Uint8Array): void {
    if (bytes.byteLength > limits.previewBytes) return;
    // Encoding is left out for previews that a newer one replaces anyway.
    if (this.#waiting.has('preview') && !this.#isDue('preview')) this.#waiting.delete('preview');
    this.#offer({ kind: 'preview', mediaType, base64: Buffer.from(bytes).toString('base64') });
  }

  text(delta: string): void {
    // A message takes so much and no more; a longer text goes as several.
    for (let at = 0; at < delta.length; at += longestDelta) this.#join(delta.slice(at, at + longestDelta));
  }

  #join(delta: string): void {
    const before = this.#waiting.get('text');
    const joined = (before?.kind === 'text' ? before.delta : '') + delta;
    this.#offer({ kind: 'text', delta: joined });
    if (joined.length > longestDelta / 2) this.flush();
  }

  /** Sends what waits, now. */
  flush(): void {
    for (const kind of ['text', 'preview', 'progress'] as const) this.#emit(kind);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #offer(report: PassingReport): void {
    this.#waiting.set(report.kind, report);
    if (this.#isDue(report.kind)) this.#emit(report.kind);
    else this.#timer ??= setTimeout(() => this.#emitDue(), everyMs.progress);
  }

  #emitDue(): void {
    this.#timer = undefined;
    for (const kind of [...this.#waiting.keys()]) if (this.#isDue(kind)) this.#emit(kind);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#emitDue(), everyMs.progress);
  }

  #isDue(kind: PassingReport['kind']): boolean {
    return performance.now() - (this.#sentAt.get(kind) ?? -Infinity) >= everyMs[kind];
  }

  #emit(kind: PassingReport['kind']): void {
    const report = this.#waiting.get(kind);
    if (!report) return;
    this.#waiting.delete(kind);
    this.#sentAt.set(kind, performance.now());
    this.#send(report);
  }
}
