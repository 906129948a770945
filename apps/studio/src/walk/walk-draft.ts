import { create } from 'zustand';
import { uploadFile } from '../api/upload-file.ts';
import { firstForm, type GivenFile, type KeyframeDraft, keyframe, type WalkForm } from './walk-form.ts';

/** The walk that is being changed or lengthened, to say how much of it is kept. */
export interface Before {
  readonly runId: string;
  readonly form: WalkForm;
  /** The frames that are finished, by number. */
  readonly done: readonly number[];
}

/** A file on its way, by the key of its keyframe or `track`. */
export interface Sending {
  readonly name: string;
  readonly progress: number;
  readonly error: unknown;
}

interface WalkDraft {
  readonly form: WalkForm;
  readonly before: Before | null;
  /** Whether more than words is shown. */
  readonly open: boolean;
  readonly sending: Readonly<Record<string, Sending>>;
}

const storageKey = 'atelier-walk';

function stored(): Pick<WalkDraft, 'form' | 'before' | 'open'> {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Pick<WalkDraft, 'form' | 'before' | 'open'> | null;
    if (kept && Array.isArray(kept.form.keyframes) && kept.form.keyframes.length >= 2) return kept;
  } catch {
    // Storage may be switched off, or hold what an older release wrote.
  }
  return { form: firstForm(), before: null, open: false };
}

/** The form of the Walks page. It survives a reload; files on their way do not, finished ones do. */
export const useWalkDraft = create<WalkDraft>(() => ({ ...stored(), sending: {} }));
const { getState, setState } = useWalkDraft;

useWalkDraft.subscribe(({ form, before, open }) => {
  try {
    localStorage.setItem(storageKey, JSON.stringify({ form, before, open }));
  } catch {
    // The form then lasts as long as the page.
  }
});

const change = (part: Partial<WalkForm>) => setState({ form: { ...getState().form, ...part } });
const withParameter = (values: Readonly<Record<string, unknown>>, name: string, value: unknown) => {
  const { [name]: _, ...others } = values;
  return value === undefined ? others : { ...others, [name]: value };
};

/** Everything that may be done to the form. */
export const draft = {
  now: () => getState().form,
  setKeyframe: (key: string, part: Partial<KeyframeDraft>) =>
    change({ keyframes: getState().form.keyframes.map((one) => (one.key === key ? { ...one, ...part } : one)) }),
  add: (added: KeyframeDraft = keyframe()) => change({ keyframes: [...getState().form.keyframes, added] }),
  remove: (key: string) => change({ keyframes: getState().form.keyframes.filter((one) => one.key !== key) }),
  /** Moves a keyframe; each keeps its own count of frames to the next. */
  move: (key: string, by: number) => change({ keyframes: moved(getState().form.keyframes, key, by) }),
  setWalk: (name: string, value: unknown) => change({ walk: withParameter(getState().form.walk, name, value) }),
  setFilm: (name: string, value: unknown) => change({ film: withParameter(getState().form.film, name, value) }),
  setModel: (model: string | undefined) => change({ model }),
  setTrack: (track: GivenFile | null) => change({ track }),
  show: (open: boolean) => setState({ open }),
  begin: (form: WalkForm, before: Before | null = null, open = getState().open) => setState({ form, before, open }),
  clear: () => setState({ form: firstForm(), before: null }),
};

function moved(keyframes: readonly KeyframeDraft[], key: string, by: number): KeyframeDraft[] {
  const from = keyframes.findIndex((one) => one.key === key);
  const to = from + by;
  const one = keyframes[from];
  if (!one || to < 0 || to >= keyframes.length) return [...keyframes];
  const others = keyframes.filter((other) => other.key !== key);
  return [...others.slice(0, to), one, ...others.slice(to)];
}

/** Uploads a file and puts it where it was given, unless that place is gone by then. */
export async function send(place: string, file: File, put: (given: GivenFile) => void): Promise<void> {
  const tell = (sending: Sending | null) => {
    const { [place]: _, ...others } = getState().sending;
    setState({ sending: sending ? { ...others, [place]: sending } : others });
  };
  tell({ name: file.name, progress: 0, error: null });
  try {
    const upload = await uploadFile(file, (progress) => tell({ name: file.name, progress, error: null }));
    tell(null);
    put({ outputId: upload.outputId, hash: upload.hash, name: file.name });
  } catch (error) {
    tell({ name: file.name, progress: 0, error });
  }
}

/** A result as a keyframe: in the first place that says nothing or that nobody has touched, else at the end. */
export function takeResult(given: { picture: GivenFile | null; prompt: string }): void {
  const { form } = getState();
  const untouched = JSON.stringify(form.keyframes.map(({ prompt }) => prompt)) === JSON.stringify(firstForm().keyframes.map(({ prompt }) => prompt));
  const taken = { picture: given.picture, prompt: given.prompt };
  if (untouched && form.keyframes.every(({ picture }) => picture === null)) {
    change({ keyframes: [keyframe('', taken), keyframe()] });
    return;
  }
  const free = form.keyframes.find(({ prompt, picture }) => prompt.trim() === '' && picture === null);
  if (free) draft.setKeyframe(free.key, taken);
  else draft.add(keyframe('', taken));
}
