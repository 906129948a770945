import { guarded, stderrLog } from '@atelier/background';
import { AtelierError, cutText, limits } from '@atelier/protocol';
import { type MessageEvent, WebSocket } from 'ws';
import { z } from 'zod';
import type { StepReport } from '../driver.ts';
import type { ComfyServer, HistoryEntry } from './server.ts';

const Message = z.object({ type: z.string(), data: z.looseObject({ prompt_id: z.string().optional() }) });
const ProgressState = z.object({ nodes: z.record(z.string(), z.object({ value: z.number(), max: z.number(), state: z.string() })) });

/** How often the history is asked while the socket is silent: it is the truth, the socket only tells sooner. */
const askMs = 2000;

/** What this step's client hears of all graphs on the server, as far as it concerns its own. */
export interface Listening {
  /** Resolves at the next word of an end, or after a while without. */
  news(): Promise<void>;
  close(): void;
}

/** Listens for the progress and previews of one client's graphs. A socket that breaks is no error. */
export async function listen(server: ComfyServer, clientId: string, nodeCount: number, report: StepReport, isOwn: (id: string) => boolean): Promise<Listening> {
  const socket = new WebSocket(server.socketUrl(clientId), { maxPayload: limits.serverAnswerBytes });
  socket.binaryType = 'arraybuffer';
  let ended = Promise.withResolvers<void>();
  let reached = 0;
  const hear = ({ data }: MessageEvent) => {
    if (typeof data !== 'string') return preview(data as ArrayBuffer, report);
    const message = Message.safeParse(JSON.parse(data)).data;
    if (!message?.data.prompt_id || !isOwn(message.data.prompt_id)) return;
    if (message.type === 'progress_state') reached = Math.max(reached, progress(message.data, nodeCount, reached, report));
    if (/^execution_(success|error|interrupted)$/.test(message.type)) ended.resolve();
  };
  socket.addEventListener('message', guarded(stderrLog, `a message of ${server.host} is left out`, hear));
  await new Promise<void>((resolve) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('close', () => resolve(), { once: true });
    socket.addEventListener('error', () => resolve());
  });
  return {
    async news() {
      const asking = Promise.withResolvers<void>();
      const timer = setTimeout(asking.resolve, askMs);
      await Promise.race([ended.promise, asking.promise]);
      clearTimeout(timer);
      ended = Promise.withResolvers<void>();
    },
    close: () => socket.close(),
  };
}

function progress(data: unknown, nodeCount: number, reached: number, report: StepReport): number {
  const state = ProgressState.safeParse(data).data;
  if (!state) return reached;
  const nodes = Object.values(state.nodes);
  const done = nodes.reduce((sum, node) => sum + (node.state === 'finished' ? 1 : node.max > 0 ? Math.min(1, node.value / node.max) : 0), 0);
  const fraction = Math.min(0.98, done / nodeCount);
  const working = nodes.find((node) => node.state === 'running' && node.max > 1);
  if (fraction >= reached) report.progress(fraction, working ? `step ${working.value} of ${working.max}` : `node ${Math.ceil(done)} of ${nodeCount}`);
  return fraction;
}

const pictureTypes: Readonly<Record<number, string>> = { 1: 'image/jpeg', 2: 'image/png' };

/** A binary message: big-endian kind 1, then the picture's type, then the picture (protocol.py, BinaryEventTypes). */
function preview(data: ArrayBuffer, report: StepReport): void {
  if (data.byteLength < 9) return;
  const view = new DataView(data);
  const mediaType = pictureTypes[view.getUint32(4)];
  if (view.getUint32(0) === 1 && mediaType !== undefined) report.preview(mediaType, new Uint8Array(data, 8));
}

/**
 * Waits for the end of a graph.
 * @throws AtelierError `step-failed` if a node failed or somebody interrupted it, `timeout`
 */
export async function untilDone(server: ComfyServer, promptId: string, listening: Listening, timeoutSeconds: number): Promise<HistoryEntry> {
  const giveUpAt = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    await listening.news();
    const entry = await server.history(promptId);
    if (entry) return judged(entry, server.host);
    if (performance.now() > giveUpAt) {
      await server.withdraw(promptId);
      throw new AtelierError('timeout', `ComfyUI at ${server.host} did not finish within ${timeoutSeconds} s.`, { hint: 'Raise options.timeoutSeconds.' });
    }
  }
}

const Failure = z.object({ node_id: z.string(), node_type: z.string(), exception_message: z.string() });

function judged(entry: HistoryEntry, host: string): HistoryEntry {
  if (entry.status.completed) return entry;
  const failure = Failure.safeParse(entry.status.messages.find(([type]) => type === 'execution_error')?.[1]).data;
  if (failure) {
    const said = cutText(failure.exception_message.trim(), 500);
    throw new AtelierError('step-failed', `Node ${failure.node_id} (${failure.node_type}) failed: ${said}`, {
      hint: `The log of ComfyUI at ${host} has more.`,
    });
  }
  throw new AtelierError('step-failed', `Somebody interrupted the graph at ${host}.`, { hint: 'Run it again.' });
}
