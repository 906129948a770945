import { isUnanswered } from '@atelier/client';
import type { RunView } from '@atelier/protocol';
import { useEffect, useRef } from 'react';
import { useNavigate } from 'react-router';
import { client } from '../api/client.ts';
import { placeOfRun } from '../task-views/index.ts';
import { useNoticeSettings } from './notice-settings.ts';
import { usePresence } from './presence.ts';
import { onNoticeClick, tellEnd } from './tell-end.ts';

/** Milliseconds between two looks at the queue; a browser slows this down in a tab that was hidden for minutes. */
const looksEveryMs = 5_000;

/** Tells of runs of this person that end while no tab shows them. One tab of the browser does it. */
export function useNotices(personId: string | undefined): void {
  const navigate = useNavigate();
  const wanted = useNoticeSettings(({ on, sound }) => on || sound);
  useEffect(() => onNoticeClick((run) => navigate(placeOfRun(run))), [navigate]);
  useEffect(() => {
    if (!wanted || personId === undefined || !navigator.locks) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    navigator.locks.request('atelier-notices', { signal }, () => followQueue(personId, signal)).catch(() => undefined);
    return () => leaving.abort();
  }, [wanted, personId]);
}

/** Tells of the end of a run that this page shows, if it was open when the page came. */
export function useEndNotice(runId: string, run: RunView | undefined): void {
  usePresence(runId);
  const seenOpen = useRef<string | null>(null);
  useEffect(() => {
    if (!run) return;
    if (run.endedAt === null) seenOpen.current = run.id;
    else if (seenOpen.current === run.id) {
      seenOpen.current = null;
      tellEnd(run, true).catch(() => undefined);
    }
  }, [run]);
}

/** Looks at the queue until the signal; a run that is gone from it has ended. */
function followQueue(personId: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = new Set<string>();
  const look = async () => {
    const { runs } = await client.queue();
    const now = new Set<string>(runs.filter((run) => run.personId === personId).map(({ id }) => id));
    const gone = [...open].filter((id) => !now.has(id));
    // A run counts as open until it was told of, so that what fails is asked again.
    open = new Set([...now, ...gone]);
    for (const id of gone) {
      const run = await client.runs.get({ id: id as RunView['id'] }).catch((problem: unknown) => {
        if (isUnanswered(problem)) throw problem;
        return null;
      });
      if (run) await tellEnd(run, false);
      open.delete(id);
    }
  };
  // A studio that does not answer is asked again the next time.
  const timer = setInterval(() => look().catch(() => undefined), looksEveryMs);
  look().catch(() => undefined);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    resolve();
  });
  return promise;
}
