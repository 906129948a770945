import { readJson } from '@atelier/bounded-body';
import { AtelierError, cutText, limits } from '@atelier/protocol';
import { z } from 'zod';

export interface WebUiOptions {
  readonly baseUrl: string;
  /** `user:password`, where the server was started with --api-auth. */
  readonly credentials: string | undefined;
  readonly timeoutSeconds: number;
}

const Drawn = z.object({ images: z.array(z.string()) });
const Refusal = z.object({ detail: z.unknown().optional(), errors: z.string().optional(), error: z.string().optional() });
const Progress = z.object({
  /** Of `/internal/progress`: whether this very task is at work. */
  active: z.boolean().optional(),
  queued: z.boolean().optional(),
  progress: z.number().nullish(),
  textinfo: z.string().nullish(),
  live_preview: z.string().nullish(),
  id_live_preview: z.number().nullish(),
});
export type Progress = z.infer<typeof Progress>;

/** A picture in base64, and what the server says of how it drew it. */
const pictureAnswerBytes = Math.ceil((limits.pictureBytes / 3) * 4) + limits.serverAnswerBytes;

/** The routes of the web UI that a step needs. Every method throws AtelierError `unavailable` if nobody answers. */
export class WebUi {
  readonly #options: WebUiOptions;

  constructor(options: WebUiOptions) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') };
  }

  get host(): string {
    return new URL(this.#options.baseUrl).host;
  }

  /** Draws and waits for it. @returns the first picture @throws AtelierError `step-failed` with what the server says, `timeout` */
  async draw(route: 'txt2img' | 'img2img', body: object): Promise<Buffer> {
    const signal = AbortSignal.timeout(this.#options.timeoutSeconds * 1000);
    const response = await this.#post(`/sdapi/v1/${route}`, body, signal);
    const answer = await this.#read(response, pictureAnswerBytes);
    if (!response.ok) throw this.#refused(response.status, answer);
    const picture = Drawn.safeParse(answer).data?.images[0];
    if (picture === undefined) throw new AtelierError('step-failed', `${this.host} sent no image.`);
    return Buffer.from(picture.slice(picture.indexOf(',') + 1), 'base64');
  }

  /** How far a task is; null if this server does not tell about single tasks, as one started with --nowebui. */
  async progressOf(taskId: string, lastPreview: number): Promise<Progress | null> {
    const response = await this.#post('/internal/progress', { id_task: taskId, id_live_preview: lastPreview, live_preview: true });
    const answer = await this.#read(response, limits.serverAnswerBytes);
    return response.ok ? (Progress.safeParse(answer).data ?? null) : null;
  }

  /** Interrupts a task if it is the one at work. A server that cannot tell is left alone, rather than stopping somebody else's picture. */
  async interrupt(taskId: string): Promise<void> {
    if ((await this.progressOf(taskId, -1))?.active) await this.#post('/sdapi/v1/interrupt', {});
  }

  async #post(path: string, body: object, signal: AbortSignal | null = null): Promise<Response> {
    const { baseUrl, credentials, timeoutSeconds } = this.#options;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (credentials !== undefined) headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return fetch(`${baseUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal }).catch((cause: unknown) => {
      if (signal?.aborted)
        throw new AtelierError('timeout', `${this.host} did not finish within ${timeoutSeconds} s.`, { hint: 'Raise options.timeoutSeconds.' });
      throw new AtelierError('unavailable', `AUTOMATIC1111 at ${this.host} cannot be reached.`, {
        hint: 'Is it running with --api, and is options.baseUrl right?',
        cause,
      });
    });
  }

  /** Its answer as JSON; null for what is none. @throws AtelierError `too-large` */
  #read(response: Response, mostBytes: number): Promise<unknown> {
    return readJson(response, mostBytes, `The answer of ${this.host}`).catch((thrown: unknown) => {
      if (AtelierError.from(thrown).code === 'too-large') throw thrown;
      return null;
    });
  }

  #refused(status: number, answer: unknown): AtelierError {
    const said = Refusal.safeParse(answer).data;
    const detail = typeof said?.detail === 'string' ? said.detail : JSON.stringify(said?.detail ?? '');
    const words = [said?.errors, detail === '""' ? '' : detail, said?.error].find((text) => text !== undefined && text !== '') ?? '';
    const message = `${this.host} answered ${status}${words === '' ? '' : `: ${cutText(words, 300)}`}.`;
    return new AtelierError('step-failed', message, { hint: hints[status] ?? 'Its own log has more.' });
  }
}

const hints: Readonly<Record<number, string>> = {
  401: 'It was started with --api-auth: name the environment variable that holds user:password in options.credentialsEnv.',
  404: 'Start it with --api; a checkpoint or sampler that it does not have answers so too.',
  422: 'Look at options.extra and at the sizes that were asked for.',
};
