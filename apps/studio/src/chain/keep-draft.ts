import { create } from 'zustand';
import { keptName } from '../kept/person.ts';
import { type Composition, compose, type Given, useComposition } from './composer-state.ts';
import { DraftStore, type KeptDraft } from './draft-store.ts';

/** What is kept of a composition. */
type Kept = Pick<Composition, 'draft' | 'given'>;

/** Under this name an older release kept its one draft. */
const olderKey = 'atelier-composition';

/** Drafts of other tabs that may be opened here; asked for as the list opens. */
export const useOtherDrafts = create<{ drafts: ReadonlyArray<KeptDraft<Kept>> }>(() => ({ drafts: [] }));

export const openDraft = (kept: KeptDraft<Kept>) => compose.loadDraft({ ...kept.value, example: null });

const emptyComposition: Composition = { draft: { inputs: {}, steps: [] }, given: {}, example: null };

/** Reads the draft that this tab has of whoever is signed in, and keeps it from then on. Called once, before the composer is drawn. */
export function keepDraft(): void {
  const store = openStore();
  const list = () => useOtherDrafts.setState({ drafts: store.others().filter(({ value }) => readable(value) !== null && value.draft.steps.length > 0) });
  const kept = readable(store.read()) ?? readable(older());
  if (kept) useComposition.setState({ ...emptyComposition, ...kept });
  const save = (open = true) => {
    // Whoever left has nothing written any more.
    if (keptName('draft') === null) return;
    const now = useComposition.getState();
    const isEmpty = now.draft.steps.length === 0 && Object.keys(now.given).length === 0;
    store.write(isEmpty ? null : keptOf(now), open);
    list();
  };
  save();
  useComposition.subscribe(() => save());
  window.addEventListener('pagehide', () => save(false));
  window.addEventListener('pageshow', (event) => event.persisted && save());
  window.addEventListener('storage', list);
  partFromCopies(store, save);
}

function openStore(): DraftStore<Kept> {
  const places = {
    get local() {
      return localStorage;
    },
    get session() {
      return sessionStorage;
    },
  };
  return new DraftStore<Kept>(places, { draft: `${keptName('draft')}:`, tab: `${keptName('tab')}` });
}

/** A duplicated tab begins with the other's id. Whoever was there first says so, and the copy takes an id of its own. */
function partFromCopies(store: DraftStore<Kept>, save: () => void): void {
  const channel = new BroadcastChannel('atelier-tabs');
  const self = crypto.getRandomValues(new Uint32Array(2)).join('-');
  channel.onmessage = ({ data }: MessageEvent<{ kind: 'here' | 'taken'; id: string; to?: string; from: string }>) => {
    if (data.id !== store.id) return;
    if (data.kind === 'here') channel.postMessage({ kind: 'taken', id: data.id, to: data.from, from: self });
    if (data.kind !== 'taken' || data.to !== self) return;
    store.part();
    save();
  };
  channel.postMessage({ kind: 'here', id: store.id, from: self });
}

function older(): unknown {
  try {
    const text = localStorage.getItem(olderKey);
    localStorage.removeItem(olderKey);
    return text === null ? null : (JSON.parse(text) as { state?: unknown }).state;
  } catch {
    return null;
  }
}

/** What is put away: a file that has arrived is an output from then on, and one that has not is lost. */
function keptOf({ draft, given }: Composition): Kept {
  const outputs = Object.entries(given).flatMap(([name, one]): Array<[string, Given]> => {
    if (one.kind !== 'file') return [[name, one]];
    if (!one.upload) return [];
    const { outputId, mediaType, sizeBytes } = one.upload;
    return [[name, { kind: 'output', outputId, mediaType, sizeBytes, name: one.file.name, ...(one.over === undefined ? {} : { over: one.over }) }]];
  });
  return { draft, given: Object.fromEntries(outputs) };
}

/** What was put away, where it still has the form that this page writes. */
function readable(stored: unknown): Kept | null {
  const { draft, given } = (stored ?? {}) as Partial<Kept>;
  const sound = Array.isArray(draft?.steps) && draft.steps.every((step) => typeof step.id === 'string' && typeof step.task === 'string');
  return sound && typeof draft.inputs === 'object' && typeof given === 'object' ? { draft, given } : null;
}
