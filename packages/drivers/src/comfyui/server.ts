import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { bounded, readJson as readBoundedJson } from '@atelier/bounded-body';
import { AtelierError, cutText, limits } from '@atelier/protocol';
import { z } from 'zod';
import type { MediaFile } from '../driver.ts';
import type { Graph } from './options.ts';

const StoredFile = z.object({ filename: z.string(), subfolder: z.string().default(''), type: z.string().default('output') });
export type StoredFile = z.infer<typeof StoredFile>;

/** What a node gave: files under names such as images, gifs, audio, and texts. */
const NodeOutput = z.record(z.string(), z.unknown());
const Entry = z.object({
  outputs: z.record(z.string(), NodeOutput),
  status: z.object({ completed: z.boolean(), status_str: z.string(), messages: z.array(z.tuple([z.string(), z.looseObject({})])) }),
});
export type HistoryEntry = z.infer<typeof Entry>;

const Refusal = z.object({
  error: z.union([z.string(), z.object({ message: z.string(), details: z.string().default('') })]),
  node_errors: z
    .record(z.string(), z.object({ class_type: z.string(), errors: z.array(z.object({ message: z.string(), details: z.string().default('') })) }))
    .or(z.array(z.never()).transform(() => ({})))
    .default({}),
});

/** The routes of a ComfyUI server that a step needs. Every method throws AtelierError `unavailable` if nobody answers. */
export class ComfyServer {
  readonly #base: string;

  constructor(baseUrl: string) {
    this.#base = baseUrl.replace(/\/+$/, '');
  }

  get host(): string {
    return new URL(this.#base).host;
  }

  socketUrl(clientId: string): string {
    return `${this.#base.replace(/^http/, 'ws')}/ws?clientId=${clientId}`;
  }

  /** Puts a graph into the queue. @returns its id @throws AtelierError `invalid-input` with what the server says of the graph */
  async submit(graph: Graph, clientId: string): Promise<string> {
    const response = await this.#ask('/prompt', { method: 'POST', body: JSON.stringify({ prompt: graph, client_id: clientId }) });
    const body = await readJson(response);
    const id = z.object({ prompt_id: z.string() }).safeParse(body);
    if (response.ok && id.success) return id.data.prompt_id;
    throw this.#refused(response.status, body);
  }

  /** @returns the name under which a node reads the file */
  async upload({ path, mediaType }: MediaFile, name: string): Promise<string> {
    const form = new FormData();
    form.append('image', await openAsBlob(path, { type: mediaType }), name);
    form.append('overwrite', 'true');
    const response = await this.#ask('/upload/image', { method: 'POST', body: form });
    const stored = z.object({ name: z.string(), subfolder: z.string().default('') }).safeParse(await readJson(response));
    if (!response.ok || !stored.success)
      throw new AtelierError('step-failed', `${this.host} did not take the file ${basename(path)}: it answered ${response.status}.`);
    return stored.data.subfolder === '' ? stored.data.name : `${stored.data.subfolder}/${stored.data.name}`;
  }

  /** What is known of a graph that has ended; null while it waits or runs. */
  async history(promptId: string): Promise<HistoryEntry | null> {
    const response = await this.#ask(`/history/${promptId}`);
    const parsed = z.record(z.string(), Entry).safeParse(await readJson(response));
    return parsed.success ? (parsed.data[promptId] ?? null) : null;
  }

  /** Brings a file to this disk, if its media type is wanted. @returns the type @throws AtelierError `too-large`, `step-failed` */
  async view(file: StoredFile, path: string, isWanted: (mediaType: string) => boolean): Promise<string> {
    const response = await this.#ask(`/view?${new URLSearchParams(file)}`);
    if (!response.ok) throw new AtelierError('step-failed', `${this.host} does not give the file ${file.filename}: it answered ${response.status}.`);
    const mediaType = response.headers.get('content-type')?.split(';')[0] ?? 'application/octet-stream';
    if (isWanted(mediaType)) await writeFile(path, bounded(response, limits.uploadBytes, file.filename));
    else await response.body?.cancel();
    return mediaType;
  }

  /** Takes one graph back, whether it waits or runs, and leaves those of others alone. */
  async withdraw(promptId: string): Promise<void> {
    const tell = (path: string, body: object) => this.#ask(path, { method: 'POST', body: JSON.stringify(body) });
    await Promise.all([tell('/queue', { delete: [promptId] }), tell('/interrupt', { prompt_id: promptId })]);
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#base}${path}`, init).catch((cause: unknown) => {
      throw new AtelierError('unavailable', `ComfyUI at ${this.host} cannot be reached.`, { hint: 'Is it running, and is options.baseUrl right?', cause });
    });
  }

  #refused(status: number, body: unknown): AtelierError {
    const refusal = Refusal.safeParse(body);
    if (!refusal.success) return new AtelierError('step-failed', `${this.host} answered ${status} to the graph.`);
    const { error, node_errors: nodes } = refusal.data;
    const general = typeof error === 'string' ? error : [error.message, error.details].filter((part) => part !== '').join(' ');
    const ofNodes = Object.entries(nodes).map(
      ([id, { class_type: type, errors }]) => `node ${id} (${type}): ${errors.map(({ message, details }) => `${message} (${details})`).join('; ')}`,
    );
    return new AtelierError('invalid-input', cutText(`ComfyUI refused the graph: ${[general, ...ofNodes].join('; ')}`, 1000), {
      hint: 'Run the graph in ComfyUI itself; a custom node or a model may be missing there.',
    });
  }
}

async function readJson(response: Response): Promise<unknown> {
  return readBoundedJson(response, limits.serverAnswerBytes, "ComfyUI's answer").catch((thrown: unknown) => {
    if (AtelierError.from(thrown).code === 'too-large') throw thrown;
    return null;
  });
}

/** The files of a node's output, in the order in which it gave them. */
export function filesOf(output: Record<string, unknown>): StoredFile[] {
  return Object.values(output).flatMap((values) => (Array.isArray(values) ? values : []).flatMap((value) => StoredFile.safeParse(value).data ?? []));
}

/** The texts of a node's output. */
export function textsOf(output: Record<string, unknown>): string[] {
  return Object.values(output).flatMap((values) => (Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []));
}
