import { type Contract, contract, type OutputId, type RunEvent, type RunId, type UploadView } from '@atelier/protocol';
import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { errorOfRequest, errorOfResponse } from './errors.ts';
import { type UploadBody, type UploadOptions, upload } from './upload.ts';
import { type Connect, type WatchOptions, watchRun } from './watch-run.ts';
import { WatchSocket } from './watch-socket.ts';

/** Per call: the same key gives the same run, however often the request is sent. */
interface CallContext {
  readonly idempotencyKey?: string;
}

/** Every procedure of the contract as a function: `api.runs.get({ id })`. All throw AtelierError. */
export type Api = ContractRouterClient<Contract, CallContext>;

export interface ClientOptions {
  /** The studio's address, such as `http://127.0.0.1:4747`. */
  readonly url: string;
  /** An API token; pages of the studio itself go without one, by their session's cookie. */
  readonly token?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Watches all runs over one WebSocket; for pages, which have few connections. Event streams stay the way where none can be opened. */
  readonly socket?: boolean;
}

export interface AtelierClient {
  readonly url: string;
  readonly api: Api;
  /**
   * Uploads bytes, resumably.
   * @throws AtelierError `too-large`, `unsupported-media` or `damaged-media` if the bytes are refused
   */
  upload(body: UploadBody, options: UploadOptions): Promise<UploadView>;
  /** Events of a run until it has ended, across broken connections and restarts of the server; opens with a snapshot, also after each new connection. */
  watchRun(id: RunId, options?: WatchOptions): AsyncGenerator<RunEvent, void, undefined>;
  /**
   * The bytes of an output, with its recipe inside where there is one and the kind of file can hold it.
   * @param options.raw the artifact's own bytes, those that its hash names
   * @param options.range first and last byte, as in HTTP; the answer has status 206 then
   */
  download(id: OutputId, options?: { raw?: boolean; range?: { start: number; end?: number }; signal?: AbortSignal }): Promise<Response>;
  /**
   * All pictures of a step in one zip, as `frame-0001.png` and so on.
   * @throws AtelierError `conflict` if some are missing yet
   */
  downloadFrames(run: RunId, stepId: string, options?: { signal?: AbortSignal }): Promise<Response>;
}

/**
 * A client of one studio.
 * @example const client = createClient({ url: 'http://127.0.0.1:4747', token });
 * const run = await client.api.runs.create({ chain: 'text-to-image', inputs: { prompt: { text: 'a red apple' } } });
 * for await (const event of client.watchRun(run.id)) console.log(event.kind);
 */
export function createClient(options: ClientOptions): AtelierClient {
  const url = options.url.replace(/\/+$/, '');
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const authorization: Record<string, string> = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  const link = new OpenAPILink<CallContext>(contract, {
    url: `${url}/api`,
    headers: ({ context }) => ({ ...authorization, ...(context.idempotencyKey === undefined ? {} : { 'idempotency-key': context.idempotencyKey }) }),
    fetch: (request, init) => fetch(request, init),
    interceptors: [
      async ({ next }) => {
        try {
          return await next();
        } catch (thrown) {
          throw errorOfRequest(thrown);
        }
      },
    ],
  });
  const api: Api = createORPCClient(link);
  const streams: Connect = (id, signal) => api.runs.events({ id }, signal ? { signal } : {});
  const connect = options.socket ? overSocket(new WatchSocket(url), streams) : streams;
  const bytes = async (path: string, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<Response> => {
    const response = await fetch(`${url}${path}`, { headers: { ...authorization, ...headers }, ...(signal ? { signal } : {}) }).catch((thrown: unknown) => {
      throw errorOfRequest(thrown);
    });
    if (!response.ok) throw await errorOfResponse(response);
    return response;
  };
  return {
    url,
    api,
    upload: (body, more) => upload({ endpoint: `${url}/api/uploads`, headers: authorization, result: (id) => api.uploads.get({ id }) }, body, more),
    watchRun: (id, more) => watchRun(connect, id, more),
    download: (id, { raw, range, signal } = {}) =>
      bytes(`/api/outputs/${id}/content${raw ? '?raw=1' : ''}`, range ? { range: `bytes=${range.start}-${range.end ?? ''}` } : {}, signal),
    downloadFrames: (run, stepId, { signal } = {}) => bytes(`/api/runs/${run}/steps/${encodeURIComponent(stepId)}/frames.zip`, {}, signal),
  };
}

/** Over the socket; by an event stream where no socket can be opened, as behind a proxy that knows none. */
function overSocket(socket: WatchSocket, streams: Connect): Connect {
  return (id, signal) => socket.events(id, signal).catch(() => streams(id, signal));
}
