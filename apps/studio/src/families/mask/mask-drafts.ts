import type { Given } from '../../chain/composer-state.ts';
import { keptName } from '../../kept/person.ts';
import type { MaskHistory } from './mask-history.ts';

/** What was painted over a picture, whether it is used as a mask already or not. */
export interface MaskDraft {
  readonly history: MaskHistory;
  /** It has become the mask that the chain has. */
  readonly used: boolean;
}

const keyOf = (name: string) => keptName(`mask:${name}`);
/** Longer ones, tens of thousands of points, last only as long as the page. */
const mostCharacters = 1_000_000;

const drafts = new Map<string, MaskDraft>();

/** What was painted over this picture in this tab, also before a reload. */
export function maskDraft(picture: Given | undefined): MaskDraft | undefined {
  for (const name of namesOf(picture)) {
    const found = drafts.get(name) ?? stored(name);
    if (found) return found;
  }
  return undefined;
}

/** Keeps what is painted over a picture, so that closing the window throws nothing away. */
export function keepMask(picture: Given | undefined, draft: MaskDraft): void {
  for (const name of namesOf(picture)) {
    drafts.set(name, draft);
    const text = JSON.stringify(draft);
    const key = keyOf(name);
    try {
      if (key !== null && text.length <= mostCharacters) sessionStorage.setItem(key, text);
    } catch {
      // The storage is off or full: what was painted lasts as long as the page.
    }
  }
}

/** How many masks of this tab were painted and are not used, before a reload too. */
export function maskCount(): number {
  const known = [...new Set([...drafts.keys(), ...storedNames()])].map((name) => drafts.get(name) ?? stored(name));
  const painted = known.filter((draft) => draft !== undefined && !draft.used && draft.history.done > 0);
  // One may have two names: those of its image's file and of its output.
  return new Set(painted.map((draft) => JSON.stringify(draft))).size;
}

function storedNames(): string[] {
  const own = keyOf('');
  try {
    return own === null ? [] : Object.keys(sessionStorage).flatMap((key) => (key.startsWith(own) ? [key.slice(own.length)] : []));
  } catch {
    return [];
  }
}

/** By what a picture is known: its output, and until it has arrived the file itself. */
function namesOf(picture: Given | undefined): string[] {
  if (picture?.kind === 'output') return [picture.outputId];
  if (picture?.kind !== 'file') return [];
  const { file, upload } = picture;
  return [...(upload ? [upload.outputId] : []), `${file.name} ${file.size} ${file.lastModified}`];
}

function stored(name: string): MaskDraft | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(name) ?? '') ?? 'null') as MaskDraft | null;
    return kept && Array.isArray(kept.history?.deeds) && typeof kept.history.done === 'number' ? kept : undefined;
  } catch {
    return undefined;
  }
}
