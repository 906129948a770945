import { setTimeout as pause } from 'node:timers/promises';
import { type Artifact, AtelierError, type Ticket } from '@atelier/protocol';
import { type ArtifactStore, holdsSound } from './store.ts';
import { mayPass, readSource, type TransferMeasurement, type TransferOptions } from './transfer.ts';

export type { TransferMeasurement, TransferOptions } from './transfer.ts';

export interface Fetched {
  /** False if the store held the bytes already. */
  readonly transferred: boolean;
  /** One for each request to a source that brought bytes or answered. */
  readonly transfers: readonly TransferMeasurement[];
}

/** How often one source is asked again where it was cut off after it had sent something. */
const resumesPerSource = 5;
/** How often new tickets are asked for before anything more has come with them. */
const mostRenewals = 3;

/**
 * Brings an artifact into a store, unless it is there already. Sources are tried in the order of their tickets. Where one is cut off,
 * the rest is read from it, and from the next source after it gives nothing more. Where tickets are past their time, as on a slow link,
 * the rest is read with new ones. Bytes that do not have the hash are
 * thrown away, and each source is then tried alone from the first byte, so that one that lies cannot spoil another's part.
 * @throws AtelierError `not-found` without tickets, `download-failed` or `hash-mismatch` if no source gave it, `disk-full`; the signal's reason
 * @example await fetchArtifact(input.tickets, input, store, { baseUrl: 'http://127.0.0.1:4747', prove });
 */
export async function fetchArtifact(
  tickets: readonly Ticket[],
  artifact: Pick<Artifact, 'hash' | 'sizeBytes'>,
  store: ArtifactStore,
  options: TransferOptions,
): Promise<Fetched> {
  if (await holdsSound(store, artifact.hash)) return { transferred: false, transfers: [] };
  if (tickets.length === 0) {
    throw new AtelierError('not-found', `Nobody is known to hold ${artifact.hash}.`, { hint: 'Run the step that made it again.' });
  }
  const story: Story = { transfers: [], problems: [], givers: new Set() };
  const first = await tryPut(store, artifact, readInTurn(tickets, artifact.sizeBytes, options, story));
  if (first === null) return { transferred: true, transfers: story.transfers };
  story.problems.push(first);
  if (first.code === 'hash-mismatch') {
    // Of several givers any may have lied; a single one surely did.
    const suspects = story.givers.size === 1 ? tickets.filter((ticket) => !story.givers.has(ticket.from)) : tickets;
    for (const ticket of suspects) {
      const alone = await tryPut(store, artifact, readInTurn([ticket], artifact.sizeBytes, options, story));
      if (alone === null) return { transferred: true, transfers: story.transfers };
      story.problems.push(alone);
    }
  }
  throw gaveUp(artifact.hash, story.problems);
}

/** What has happened so far in one fetch. */
interface Story {
  readonly transfers: TransferMeasurement[];
  readonly problems: AtelierError[];
  /** Whose bytes are among those that were put together: `from` of their tickets. */
  readonly givers: Set<string>;
}

/** Null if the bytes are in the store now; the problem where another source may help. */
async function tryPut(store: ArtifactStore, artifact: Pick<Artifact, 'hash' | 'sizeBytes'>, bytes: AsyncIterable<Uint8Array>): Promise<AtelierError | null> {
  try {
    await store.put(bytes, { expectedHash: artifact.hash, maxBytes: artifact.sizeBytes });
    return null;
  } catch (error) {
    if (error instanceof AtelierError && (error.code === 'hash-mismatch' || error.code === 'download-failed')) return error;
    throw error;
  }
}

async function* readInTurn(tickets: readonly Ticket[], sizeBytes: number, options: TransferOptions, story: Story): AsyncGenerator<Uint8Array> {
  let reached = { offset: 0, problems: [] as readonly AtelierError[] };
  let current = tickets;
  for (let renewals = 0; ; renewals++) {
    const before = reached.offset;
    reached = yield* readAll(current, { offset: before, sizeBytes }, options, story);
    if (reached.offset === sizeBytes) return;
    if (reached.offset > before) renewals = 0;
    const mayHelp = options.renew !== undefined && renewals < mostRenewals && reached.problems.some(mayPass);
    // A new ticket helps at once against an old one; a source that cannot give now needs a moment.
    if (mayHelp && !reached.problems.some(({ code }) => code === 'token-expired'))
      await pause((options.pauseMs ?? 1_000) * 2 ** renewals, undefined, { signal: options.signal });
    const fresh = mayHelp ? await renewed(tickets, options) : [];
    if (fresh.length === 0) throw new AtelierError('download-failed', 'No source gave all the bytes.');
    current = fresh;
  }
}

/** New tickets of the same sources; none if there are none to be had. */
async function renewed(tickets: readonly Ticket[], { renew, signal }: TransferOptions): Promise<readonly Ticket[]> {
  const fresh = (await renew?.(tickets[0] as Ticket).catch(() => undefined)) ?? [];
  signal?.throwIfAborted();
  return fresh.filter(({ from }) => tickets.some((ticket) => ticket.from === from));
}

/** Reads each source in turn until all is there. @returns the offset reached, and why each gave no more */
async function* readAll(
  tickets: readonly Ticket[],
  part: { readonly offset: number; readonly sizeBytes: number },
  options: TransferOptions,
  story: Story,
): AsyncGenerator<Uint8Array, { offset: number; problems: readonly AtelierError[] }> {
  const known = story.problems.length;
  let { offset } = part;
  for (const ticket of tickets) {
    offset = yield* readWithResumes(ticket, { offset, sizeBytes: part.sizeBytes }, options, story);
    if (offset === part.sizeBytes) break;
  }
  return { offset, problems: story.problems.slice(known) };
}

/** Reads one source until it gives nothing more. @returns the offset reached */
async function* readWithResumes(
  ticket: Ticket,
  part: { readonly offset: number; readonly sizeBytes: number },
  options: TransferOptions,
  story: Story,
): AsyncGenerator<Uint8Array, number> {
  let offset = part.offset;
  for (let request = 0; request <= resumesPerSource && (request === 0 || offset < part.sizeBytes); request++) {
    const { measurement, problem } = yield* readSource(ticket, { offset, sizeBytes: part.sizeBytes }, options);
    offset += measurement.bytes;
    if (measurement.latencySeconds !== null) story.transfers.push(measurement);
    if (measurement.bytes > 0 || problem?.code === 'hash-mismatch') story.givers.add(ticket.from);
    if (problem === null) return offset;
    if (problem.code === 'hash-mismatch') throw problem;
    story.problems.push(problem);
    if (measurement.bytes === 0) break;
  }
  return offset;
}

function gaveUp(hash: string, problems: readonly AtelierError[]): AtelierError {
  const code = problems.some((problem) => problem.code === 'hash-mismatch') ? 'hash-mismatch' : 'download-failed';
  const reasons = [...new Set(problems.map((problem) => problem.message))].slice(0, 5).join(' ');
  return new AtelierError(code, `${hash.slice(0, 12)}… could not be fetched. ${reasons}`, {
    hint: 'Look whether the edges that hold it are connected; the step is tried again by itself.',
    cause: problems[0],
  });
}
