import { create } from 'zustand';
import { uploadFile } from '../../api/upload-file.ts';
import { keptName, whenKnown } from '../../kept/person.ts';
import { firstForm, type GivenFile, type KeyframeDraft, keyframe, type WalkForm } from './walk-form.ts';

/** The walk that is being changed or lengthened, to say how much of it is kept. */
export interface Before {
  readonly runId: string;
  readonly form: WalkForm;
  /** The frames that are finished, by number. */
  readonly done: readonly number[];
}

/** A file on its way, by the key of its keyframe or the place of the track. */
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
  /** Grows as another form takes the place of this one. */
  readonly round: number;
}

function stored(): Pick<WalkDraft, 'form' | 'before' | 'open'> {
  try {
    const kept = JSON.parse(localStorage.getItem(keptName('walk') ?? '') ?? 'null') as Pick<WalkDraft, 'form' | 'before' | 'open'> | null;
    if (kept && Array.isArray(kept.form.keyframes) && kept.form.keyframes.length >= 2) return kept;
  } catch {
    // Storage may be switched off, or hold what an older release wrote.
  }
  return first();
}

const first = () => ({ form: firstForm(), before: null, open: false });

/** The form of the Walks page. It survives a reload; files on their way do not, finished ones do. */
export const useWalkDraft = create<WalkDraft>(() => ({ ...first(), sending: {}, round: 0 }));
const { getState, setState } = useWalkDraft;
whenKnown(() => setState(stored()));

useWalkDraft.subscribe(({ form, before, open }) => {
  const name = keptName('walk');
  if (name === null) return;
  try {
    localStorage.setItem(name, JSON.stringify({ form, before, open }));
  } catch {
    // The form then lasts as long as the page.
  }
});

/** Whether the form that this browser keeps, as whichever tab left it, says more than what it says at first. */
export const isFormBegun = () => JSON.stringify(stored().form, withoutKeys) !== JSON.stringify(firstForm(), withoutKeys);
const withoutKeys = (name: string, value: unknown) => (name === 'key' ? undefined : value);

const change = (part: Partial<WalkForm>) => setState({ form: { ...getState().form, ...part } });
const withParameters = (values: Readonly<Record<string, unknown>>, changes: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries({ ...values, ...changes }).filter(([, value]) => value !== undefined));

/** Everything that may be done to the form. */
export const draft = {
  now: () => getState().form,
  setKeyframe: (key: string, part: Partial<KeyframeDraft>) =>
    change({ keyframes: getState().form.keyframes.map((one) => (one.key === key ? { ...one, ...part } : one)) }),
  add: (added: KeyframeDraft = keyframe()) => change({ keyframes: [...getState().form.keyframes, added] }),
  remove: (key: string) => change({ keyframes: getState().form.keyframes.filter((one) => one.key !== key) }),
  /** Moves a keyframe; each keeps its own count of frames to the next. */
  move: (key: string, by: number) => change({ keyframes: moved(getState().form.keyframes, key, by) }),
  setWalk: (changes: Readonly<Record<string, unknown>>) => change({ walk: withParameters(getState().form.walk, changes) }),
  setFilm: (changes: Readonly<Record<string, unknown>>) => change({ film: withParameters(getState().form.film, changes) }),
  setModel: (model: string | undefined) => change({ model }),
  setTrack: (track: GivenFile | null) => change({ track }),
  show: (open: boolean) => setState({ open }),
  begin: (form: WalkForm, before: Before | null = null, open = getState().open) => setState({ form, before, open, round: getState().round + 1 }),
  clear: () => setState({ form: firstForm(), before: null, round: getState().round + 1 }),
  /** Puts a keyframe back where it was; whatever was changed since stays. */
  putBack: (back: KeyframeDraft, index: number) => change({ keyframes: getState().form.keyframes.toSpliced(index, 0, withArrived(back)) }),
  /** Takes back a `clear`: the form that was there, with the files that have come meanwhile. */
  putFormBack: ({ form, before, round }: Pick<WalkDraft, 'form' | 'before' | 'round'>) => {
    const track = form.track ?? arrived.get(trackPlace(round)) ?? null;
    setState({ form: { ...form, track, keyframes: form.keyframes.map(withArrived) }, before, round });
  },
};

function moved(keyframes: readonly KeyframeDraft[], key: string, by: number): KeyframeDraft[] {
  const from = keyframes.findIndex((one) => one.key === key);
  const to = from + by;
  const one = keyframes[from];
  if (!one || to < 0 || to >= keyframes.length) return [...keyframes];
  const others = keyframes.filter((other) => other.key !== key);
  return [...others.slice(0, to), one, ...others.slice(to)];
}

/** Where a form's track is, as a place that files are sent to. */
export const trackPlace = (round: number) => `track ${round}`;

/** Files that came when their place was gone: if that is put back, they are in it. */
const arrived = new Map<string, GivenFile>();
const withArrived = (one: KeyframeDraft): KeyframeDraft => ({ ...one, picture: one.picture ?? arrived.get(one.key) ?? null });

function put(place: string, given: GivenFile): void {
  const { form, round } = getState();
  if (place === trackPlace(round)) draft.setTrack(given);
  else if (form.keyframes.some(({ key }) => key === place)) draft.setKeyframe(place, { picture: given });
  else arrived.set(place, given);
}

/** Uploads a file to a keyframe, by its key, or to the place of the track. */
export async function send(place: string, file: File): Promise<void> {
  const tell = (sending: Sending | null) => {
    const { [place]: _, ...others } = getState().sending;
    setState({ sending: sending ? { ...others, [place]: sending } : others });
  };
  arrived.delete(place);
  tell({ name: file.name, progress: 0, error: null });
  try {
    const upload = await uploadFile(file, (progress) => tell({ name: file.name, progress, error: null }));
    tell(null);
    put(place, { outputId: upload.outputId, hash: upload.hash, name: file.name });
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
