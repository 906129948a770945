import type { RunView } from '@atelier/protocol';
import { playChime } from './chime.ts';
import { permission, setNotices, useNoticeSettings } from './notice-settings.ts';
import { isSeen, isShown } from './presence.ts';
import { type EndWords, endWords } from './run-end.ts';

const storageKey = 'atelier-told';
const mostTold = 50;

/** Opens the page of a run in this tab; whoever has the router says how. */
let goTo: (run: RunView) => void = () => undefined;
export const onNoticeClick = (go: typeof goTo) => {
  goTo = go;
};

/**
 * Tells of a run that has ended, once in the whole browser and not if somebody looks at it.
 * @param shownHere this tab shows the run: a click on the notice then brings back this very tab
 */
export async function tellEnd(run: RunView, shownHere: boolean): Promise<void> {
  const settings = useNoticeSettings.getState();
  const words = settings.on || settings.sound ? endWords(run, settings) : null;
  if (!words) return;
  await alone(`atelier-tell:${run.id}`, async () => {
    if (told().includes(run.id) || (!shownHere && (await isShown(run.id)))) return;
    remember(run.id);
    if (await isSeen(run.id)) return;
    setNotices({ asked: settings.asked.filter((id) => id !== run.id) });
    if (settings.on) show(words, run, shownHere);
    if (settings.sound) playChime();
  });
}

function show({ title, body }: EndWords, run: RunView, shownHere: boolean): void {
  if (permission() !== 'granted') return;
  try {
    const notice = new Notification(title, { body, tag: run.id });
    notice.onclick = () => {
      window.focus();
      if (!shownHere) goTo(run);
      notice.close();
    };
  } catch {
    // Some phones know notices of service workers only. The title of the tab says it there.
  }
}

/** Tabs take turns. Over plain HTTP there are no locks, nor notices. */
const alone = (name: string, work: () => Promise<void>): Promise<void> => (navigator.locks ? navigator.locks.request(name, work) : work());

function told(): readonly string[] {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? '[]') as unknown;
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

function remember(runId: string): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify([runId, ...told()].slice(0, mostTold)));
  } catch {
    // Then every tab tells of it.
  }
}
