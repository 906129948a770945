import { z } from 'zod';
import { RunId } from './ids.ts';
import { RunEvent } from './run.ts';

/**
 * What goes over a watch socket: the events of any number of runs over one connection. A browser opens six connections to one
 * server over HTTP/1.1, so a stream for each page would leave none for anything else.
 */
export const watchSocketPath = '/api/watch';

/** From the page: begin to watch a run, or stop. An id that is none is answered as a run that is not there. */
export const FromWatcher = z.object({ kind: z.enum(['watch', 'leave']), runId: z.string().max(100) });
export type FromWatcher = z.infer<typeof FromWatcher>;

/** Milliseconds between two signs of life of the studio; pages see no pings. A page that hears nothing for three of them dials again. */
export const watchAliveMs = 5_000;

/** To the page: an event of a run (the first is a snapshot), that no more will come of it, with the reason where it is an error, or that the studio is there. */
export const ToWatcher = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('alive') }),
  z.object({ kind: z.literal('event'), runId: RunId, event: RunEvent }),
  z.object({ kind: z.literal('over'), runId: z.string(), error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullable() }),
]);
export type ToWatcher = z.infer<typeof ToWatcher>;
