import type { ChainInput, ExampleView, OutputId, ResolvedChain, RunView, TaskView, UploadView } from '@atelier/protocol';
import { create } from 'zustand';
import { movedStep, withModel } from './arrange.ts';
import { withAnother, withoutInput } from './chain-inputs.ts';
import { append, type Draft, type DraftStep, draftOf, emptyDraft, without, withoutEdge, withoutModels, withParameters } from './draft.ts';
import { changed, emptyStack, mapped, redone, type UndoStack, undone } from './undo-stack.ts';
import { withBranch, withNewInput, withoutUnread, withWire } from './wiring.ts';

/** Something that was uploaded or made before, as an input. */
export interface GivenOutput {
  readonly kind: 'output';
  readonly outputId: OutputId;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** What people call it: the name of the file, or the words that it was made from. */
  readonly name: string;
  /** Of a painted mask: the input whose picture it was painted over. */
  readonly over?: string;
}

/** What was given for an input of the chain. */
export type Given =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'file';
      readonly file: File;
      readonly progress: number;
      readonly upload: UploadView | null;
      readonly error: unknown;
      /** Of a painted mask: the input whose picture it was painted over. */
      readonly over?: string;
    }
  | GivenOutput;

export interface Composition {
  readonly draft: Draft;
  readonly given: Readonly<Record<string, Given>>;
  /** Title and files of the example that it began from. */
  readonly example: ExampleView | null;
}

const empty: Composition = { draft: emptyDraft, given: {}, example: null };

/** The chain that is being composed in this tab; it outlives a visit to another page and a reload. */
export const useComposition = create<Composition>(() => empty);
const { getState, setState } = useComposition;

/** What can be undone and redone. */
export const useUndo = create<UndoStack<Composition>>(() => emptyStack);

/** Tells of a chain that was replaced by another. @param words what is said of it, where that is not plain @param lost whether there was one */
type Replaced = (replaced: { words: string | undefined; lost: boolean }) => void;
let tellReplaced: Replaced = () => undefined;

/** Whoever shows that a chain was replaced; there is one. */
export const onReplaced = (tell: Replaced) => {
  tellReplaced = tell;
};

/** A change by whoever composes. @param kind changes of one kind in a row are undone as one */
function change(part: Partial<Composition>, kind: string | null = null): void {
  useUndo.setState(changed(useUndo.getState(), getState(), kind));
  setState(part);
}

function replace(next: Partial<Composition>, words?: string): void {
  const lost = getState().draft.steps.length > 0;
  change({ ...empty, ...next });
  tellReplaced({ words, lost });
}

function travel(to: typeof undone): void {
  const went = to(useUndo.getState(), getState());
  if (!went) return;
  useUndo.setState(went.stack);
  setState(went.now);
}

export const compose = {
  startWith: (task: string, given: Composition['given'] = textsOf(getState().given), words?: string) =>
    replace({ draft: append(emptyDraft, task), given }, words),
  append: (task: string) => change({ draft: append(getState().draft, task) }),
  /** Adds a step that reads another, whatever stands between them. */
  branch: (tasks: readonly TaskView[], from: string, task: string) => change({ draft: withBranch(getState().draft, tasks, from, task) }),
  /** Says where a port takes its value from; undefined leaves it to the rule. */
  wire: (tasks: readonly TaskView[], at: { id: string; port: string }, sources: readonly unknown[] | undefined) =>
    change({ draft: withWire(getState().draft, tasks, at, sources) }),
  wireToNewInput: (tasks: readonly TaskView[], at: { id: string; port: string }) => change({ draft: withNewInput(getState().draft, tasks, at) }),
  remove: (id: string, tasks: readonly TaskView[]) => {
    const { draft } = getState();
    change({ draft: withoutUnread(draft, without(draft, id), tasks) });
  },
  moveStep: (id: string, by: -1 | 1) => change({ draft: movedStep(getState().draft, id, by) }),
  /** Binds a step to a model, or leaves it to the planner. */
  choose: (id: string, model: string | undefined) => change({ draft: withModel(getState().draft, id, model) }, `model of ${id}`),
  /** What is typed into one field is undone as one; several that change together, as a size that was chosen, stand alone. */
  set: (id: string, changes: Readonly<Record<string, unknown>>) => {
    const names = Object.keys(changes);
    change({ draft: withParameters(getState().draft, id, changes) }, names.length === 1 ? `${id}.${names[0]}` : null);
  },
  loadExample: (example: ExampleView, tasks: readonly TaskView[]) => {
    const texts = Object.entries(example.inputs).flatMap(([name, input]) => ('text' in input ? [[name, { kind: 'text', text: input.text }] as const] : []));
    replace({ draft: draftOfExample(example, tasks), given: Object.fromEntries(texts), example });
  },
  /** @param given its inputs; without them, texts of the same name are kept */
  loadChain: (chain: ResolvedChain, tasks: readonly TaskView[], given: Composition['given'] = textsOf(getState().given), words?: string) =>
    replace({ draft: draftOf(chain, tasks), given }, words),
  /** The chain of a run with everything that was given to it. */
  loadRun: (run: Pick<RunView, 'chain' | 'inputs'>, tasks: readonly TaskView[], words?: string) => compose.loadChain(run.chain, tasks, givenOfRun(run), words),
  /** A draft of another tab, as it was kept. */
  loadDraft: (kept: Composition) => replace(kept, 'Draft opened.'),
  /** Begins with a task whose picture, or whatever it reads first, is there already. */
  startWithOutput: (task: TaskView, modality: ChainInput['modality'], output: GivenOutput, texts: Composition['given'] = {}, words?: string) => {
    const port = Object.entries(task.inputs).find(([, one]) => one.required && one.modality === modality)?.[0];
    replace({ draft: append(emptyDraft, task.name), given: port === undefined ? texts : { ...texts, [port]: output } }, words);
  },
  give: (name: string, given: Given | null) => change({ given: withGiven(getState().given, name, given) }, given?.kind === 'text' ? `text of ${name}` : null),
  /** Gives what belongs to the change before it, such as the file of a chain that was just laid in: both are undone as one. */
  giveAlong: (name: string, given: Given) => setState({ given: withGiven(getState().given, name, given) }),
  /** How far a file is on its way: no change that could be undone, and true of what can be undone too. */
  tell: (file: File, part: Partial<Extract<Given, { kind: 'file' }>>) => {
    const told = (one: Composition): Composition => ({
      ...one,
      given: Object.fromEntries(
        Object.entries(one.given).map(([name, given]) => [name, given.kind === 'file' && given.file === file ? { ...given, ...part } : given]),
      ),
    });
    useUndo.setState(mapped(useUndo.getState(), told));
    setState(told(getState()));
  },
  /** One more input beside this one, for a port that takes many values. @returns its name */
  another: (name: string, tasks: readonly TaskView[]): string | undefined => {
    const grown = withAnother(getState().draft, tasks, name);
    if (grown) change({ draft: grown.draft });
    return grown?.name;
  },
  /** Takes away an input that stands beside others of its port. */
  dropInput: (name: string) => change({ draft: withoutInput(getState().draft, name), given: withGiven(getState().given, name, null) }),
  /** Lets the planner choose the models of these steps. */
  freeModels: (steps: ReadonlySet<string>) => change({ draft: withoutModels(getState().draft, steps) }),
  /** Lets the planner choose the machine of a step, too. */
  freeMachine: (id: string) => change({ draft: withoutEdge(getState().draft, id) }),
  /** It is kept under this name; no change that could be undone. */
  named: (name: string) => setState({ draft: { ...getState().draft, name } }),
  clear: () => change(empty),
  undo: () => travel(undone),
  redo: () => travel(redone),
  now: () => getState(),
};

const textsOf = (given: Composition['given']) => Object.fromEntries(Object.entries(given).filter(([, one]) => one.kind === 'text'));

/** What is known of a given thing that stays the same while it is uploaded. */
const identity = (given: Given | undefined) => (given?.kind === 'file' ? given.file : given?.kind === 'output' ? given.outputId : undefined);

/** With one input given, or taken away. A mask that was painted over a picture goes when that picture does. */
function withGiven(before: Composition['given'], name: string, given: Given | null): Composition['given'] {
  const { [name]: old, ...others } = before;
  const same = identity(old) === identity(given ?? undefined) || (given?.kind === 'output' && old?.kind === 'file' && old.upload?.outputId === given.outputId);
  const kept = same ? others : Object.fromEntries(Object.entries(others).filter(([, one]) => one.kind === 'text' || one.over !== name));
  return given ? { ...kept, [name]: given } : kept;
}

function givenOfRun(run: Pick<RunView, 'inputs'>): Composition['given'] {
  return Object.fromEntries(
    run.inputs.map(({ name, text, outputId, mediaType, sizeBytes }): [string, Given] =>
      text === null ? [name, { kind: 'output', outputId: outputId as OutputId, mediaType, sizeBytes, name }] : [name, { kind: 'text', text }],
    ),
  );
}

/** An example's chain as a draft; its steps may be names of tasks or an older system's words. */
export function draftOfExample(example: ExampleView, tasks: readonly TaskView[]): Draft {
  const chain = example.chain as { inputs?: Record<string, ChainInput>; steps?: Array<string | (Partial<DraftStep> & { task: string })> };
  const named = (words: string) =>
    tasks.find((task) => task.name === words || task.seedWords.some((known) => known.toLowerCase() === words.toLowerCase()))?.name ?? words;
  const base: Draft = { name: example.title, inputs: chain.inputs ?? {}, steps: [] };
  return (chain.steps ?? []).reduce<Draft>((draft, written) => {
    const step = typeof written === 'string' ? { task: written } : written;
    const grown = append(draft, named(step.task));
    const last = grown.steps.at(-1) as DraftStep;
    return { ...grown, steps: [...draft.steps, { ...last, ...step, task: last.task, id: step.id ?? last.id, parameters: step.parameters ?? {} }] };
  }, base);
}
