import type { RunEvent, RunId } from '@atelier/protocol';
import { useEffect, useState } from 'react';
import { useEndNotice } from '../notices/use-notices.ts';
import { api, queries, studio } from './client.ts';
import { applyRunEvents, type WatchedRun } from './run-progress.ts';

export interface RunWatch {
  readonly watched: WatchedRun | null;
  readonly error: unknown;
  /** The stream broke and is being made again. */
  readonly lost: boolean;
  /** Watches again, after the run was continued or the stream was lost. */
  readonly again: () => void;
}

/** Milliseconds between two drawings of the page, so that a walk whose frames come by the hundred leaves time for playing them. */
const restMs = 80;

/** Hands over what came, all at once: the first at the next moment, then after rests. */
function inBatches<T>(take: (batch: T[]) => void): { add: (one: T) => void; stop: () => void } {
  let waiting: T[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  let last = Number.NEGATIVE_INFINITY;
  const hand = () => {
    timer = null;
    last = performance.now();
    const batch = waiting;
    waiting = [];
    take(batch);
  };
  const add = (one: T) => {
    waiting.push(one);
    timer ??= setTimeout(hand, Math.max(0, last + restMs - performance.now()));
  };
  return { add, stop: () => timer !== null && clearTimeout(timer) };
}

/** A run as it goes: the stored view and what passes by, from its event stream. */
export function useRun(id: string): RunWatch {
  const [watched, setWatched] = useState<WatchedRun | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [lost, setLost] = useState(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setError(null);
    if (round === 0) setWatched(null);
    const batches = inBatches((events: RunEvent[]) => setWatched((before) => applyRunEvents(before?.run.id === id ? before : null, events, Date.now())));
    const follow = async () => {
      for await (const event of studio.watchRun(id as RunId, { signal: stop.signal, onReconnect: () => setLost(true) })) {
        if (stop.signal.aborted) return;
        setLost(false);
        batches.add(event);
        if (event.kind !== 'ended') continue;
        void queries.invalidateQueries({ queryKey: api.runs.key() });
        void queries.invalidateQueries({ queryKey: api.queue.key() });
      }
    };
    follow().catch((problem: unknown) => stop.signal.aborted || setError(problem));
    return () => {
      stop.abort();
      batches.stop();
    };
  }, [id, round]);
  const current = watched?.run.id === id ? watched : null;
  useEndNotice(id, current?.run);
  return { watched: current, error, lost, again: () => setRound((count) => count + 1) };
}
