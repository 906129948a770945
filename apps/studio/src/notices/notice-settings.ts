import { create } from 'zustand';

/** What this browser was told about notices. */
export interface NoticeSettings {
  /** Shows a notice of the system when a long run is done. */
  readonly on: boolean;
  /** Plays a sound as well, also where no notice can be shown. */
  readonly sound: boolean;
  /** Runs for which somebody asked, however short they are; newest first. */
  readonly asked: readonly string[];
}

const storageKey = 'atelier-notices';
const mostAsked = 20;
const none: NoticeSettings = { on: false, sound: false, asked: [] };

/** Remembered in the browser; all tabs share it. */
export const useNoticeSettings = create<NoticeSettings>(() => stored());
window.addEventListener('storage', (event) => event.key === storageKey && useNoticeSettings.setState(stored()));

export function setNotices(part: Partial<NoticeSettings>): void {
  useNoticeSettings.setState(part);
  try {
    localStorage.setItem(storageKey, JSON.stringify(useNoticeSettings.getState()));
  } catch {
    // The storage is off or full: the choice lasts as long as the page.
  }
}

/** Whether notices can be shown, or why not. `default` is not asked yet. */
export type Permission = NotificationPermission | 'insecure' | 'unsupported';

export function permission(): Permission {
  if (!window.isSecureContext) return 'insecure';
  return 'Notification' in window ? Notification.permission : 'unsupported';
}

/**
 * Turns notices on. The browser asks its person the first time, so this is called from a press alone.
 * @returns what came of it: they are on where it is `granted`
 */
export async function turnOn(runId?: string): Promise<Permission> {
  const before = permission();
  const after = before === 'default' ? await Notification.requestPermission() : before;
  if (after === 'granted') setNotices({ on: true, asked: askedWith(runId) });
  return after;
}

const askedWith = (runId: string | undefined) =>
  runId === undefined ? useNoticeSettings.getState().asked : [runId, ...useNoticeSettings.getState().asked.filter((id) => id !== runId)].slice(0, mostAsked);

function stored(): NoticeSettings {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Partial<NoticeSettings> | null;
    const asked = Array.isArray(kept?.asked) ? kept.asked.filter((id) => typeof id === 'string').slice(0, mostAsked) : [];
    return { on: kept?.on === true, sound: kept?.sound === true, asked };
  } catch {
    return none;
  }
}
