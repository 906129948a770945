import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';

interface Scenario {
  readonly answer: { readonly status: number; readonly body: { readonly prompt_id?: string } };
  readonly messages: readonly { readonly type?: string; readonly data?: object; readonly binary?: string }[];
  readonly history: Readonly<Record<string, object>> | null;
}

interface Recorded {
  readonly comfyui: string;
  readonly drawn: Scenario & { readonly view: { readonly type: string; readonly base64: string } };
  readonly upload: { readonly status: number; readonly body: { readonly name: string } };
  readonly loaded: Scenario;
  readonly unknown: Scenario;
  readonly wrong: Scenario;
  readonly failed: Scenario;
  readonly interrupted: Scenario;
}

export const recorded = JSON.parse(readFileSync(new URL('../../fixtures/comfyui/recorded.json', import.meta.url), 'utf8')) as Recorded;
export type ScenarioName = 'drawn' | 'loaded' | 'unknown' | 'wrong' | 'failed' | 'interrupted';

/** A server that gives the answers which a real ComfyUI gave, in their order. */
export class ReplayServer {
  /** What the next graph meets. */
  scenario: ScenarioName = 'drawn';
  /** Holds the messages of a graph, and its history, back until the graph is withdrawn. */
  holds = false;
  /** Closes sockets instead of speaking on them. */
  mute = false;
  /** Said to every client before a graph's own messages. */
  babble: (string | Buffer)[] = [];
  readonly asked: { path: string; body: string }[] = [];
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #ended = new Set<string>();
  #withdrawn = Promise.withResolvers<string>();

  async start(): Promise<string> {
    this.#server.on('upgrade', (request, socket, head) => this.#sockets.handleUpgrade(request, socket, head, (client) => this.mute && client.close()));
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The id of the next graph that somebody interrupts by name. */
  withdrawn(): Promise<string> {
    return this.#withdrawn.promise;
  }

  close(): void {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(request)).toString('latin1');
    const path = request.url ?? '';
    this.asked.push({ path, body });
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
    const scenario = recorded[this.scenario];
    if (path === '/prompt') {
      this.#ended.clear();
      json(scenario.answer.status, scenario.answer.body);
      if (!this.holds) this.#play(scenario);
    } else if (path.startsWith('/history/')) {
      json(200, this.#ended.has(path.slice('/history/'.length)) || this.mute ? scenario.history : {});
    } else if (path.startsWith('/view?')) {
      response.writeHead(200, { 'content-type': recorded.drawn.view.type }).end(Buffer.from(recorded.drawn.view.base64, 'base64'));
    } else if (path === '/upload/image') {
      json(recorded.upload.status, recorded.upload.body);
    } else if (path === '/interrupt') {
      response.writeHead(200).end();
      this.#withdrawn.resolve(JSON.parse(body).prompt_id);
      this.#withdrawn = Promise.withResolvers();
    } else {
      response.writeHead(path === '/queue' ? 200 : 404).end();
    }
  }

  #play({ answer, messages }: Scenario): void {
    if (answer.body.prompt_id === undefined) return;
    this.#ended.add(answer.body.prompt_id);
    for (const client of this.#sockets.clients) {
      for (const word of this.babble) client.send(word);
      for (const { binary, ...message } of messages) client.send(binary === undefined ? JSON.stringify(message) : Buffer.from(binary, 'base64'));
    }
  }
}

/** A graph in which every kind of value has its place. */
export const graph = {
  '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'any.safetensors' } },
  '2': { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['1', 1] } },
  '3': { class_type: 'CLIPTextEncode', inputs: { text: 'blurry', clip: ['1', 1] } },
  '4': { class_type: 'KSampler', inputs: { seed: 1, steps: 30, cfg: 7, width: 512, positive: ['2', 0], negative: ['3', 0], model: ['1', 0] } },
  '5': { class_type: 'LoadImage', inputs: { image: 'none.png' } },
  '9': { class_type: 'SaveImage', inputs: { images: ['4', 0], filename_prefix: 'atelier' } },
};

/** A manifest, as an edge's owner writes it. */
export function manifestFor(baseUrl: string, options: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'comfy',
    title: '',
    shortName: 'comfy',
    summary: '',
    driver: 'comfyui',
    tasks: ['text-to-image', 'image-to-image'],
    licence: 'none',
    files: [],
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: 0 },
    options: {
      baseUrl,
      workflow: graph,
      inputs: { prompt: ['2', 'text'], image: ['5', 'image'] },
      parameters: { seed: ['4', 'seed'], steps: ['4', 'steps'], guidanceScale: ['4', 'cfg'], width: ['4', 'width'], negativePrompt: [['3', 'text']] },
      ...options,
    },
  };
}
