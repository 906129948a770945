import type { ChainInput, ExampleView, OutputId, ResolvedChain, RunView, TaskView, UploadView } from '@atelier/protocol';
import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { withAnother, withoutInput } from './chain-inputs.ts';
import { append, type Draft, type DraftStep, draftOf, emptyDraft, without, withoutModels, withParameter } from './draft.ts';

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

/** The chain that is being composed; it outlives a visit to another page and a reload. */
export const useComposition = create<Composition>()(
  persist(() => empty, { name: 'atelier-composition', version: 1, partialize: kept, merge: (stored, initial) => ({ ...initial, ...readable(stored) }) }),
);

const { getState, setState } = useComposition;
const change = (draft: Draft) => setState({ draft });

export const compose = {
  startWith: (task: string) => setState({ ...empty, draft: append(emptyDraft, task), given: textsOf(getState().given) }),
  append: (task: string) => change(append(getState().draft, task)),
  remove: (id: string) => change(without(getState().draft, id)),
  set: (id: string, name: string, value: unknown) => change(withParameter(getState().draft, id, name, value)),
  loadExample: (example: ExampleView, tasks: readonly TaskView[]) => {
    const texts = Object.entries(example.inputs).flatMap(([name, input]) => ('text' in input ? [[name, { kind: 'text', text: input.text }] as const] : []));
    setState({ draft: draftOfExample(example, tasks), given: Object.fromEntries(texts), example });
  },
  /** @param given its inputs; without them, texts of the same name are kept */
  loadChain: (chain: ResolvedChain, tasks: readonly TaskView[], given: Composition['given'] = textsOf(getState().given)) =>
    setState({ ...empty, draft: draftOf(chain, tasks), given }),
  /** The chain of a run with everything that was given to it. */
  loadRun: (run: Pick<RunView, 'chain' | 'inputs'>, tasks: readonly TaskView[]) => compose.loadChain(run.chain, tasks, givenOfRun(run)),
  /** Begins with a task whose picture, or whatever it reads first, is there already. */
  startWithOutput: (task: TaskView, modality: ChainInput['modality'], output: GivenOutput, texts: Composition['given'] = {}) => {
    const port = Object.entries(task.inputs).find(([, one]) => one.required && one.modality === modality)?.[0];
    setState({ ...empty, draft: append(emptyDraft, task.name), given: port === undefined ? texts : { ...texts, [port]: output } });
  },
  give: (name: string, given: Given | null) => setState({ given: withGiven(getState().given, name, given) }),
  /** One more input beside this one, for a port that takes many values. @returns its name */
  another: (name: string, tasks: readonly TaskView[]): string | undefined => {
    const grown = withAnother(getState().draft, tasks, name);
    if (grown) change(grown.draft);
    return grown?.name;
  },
  /** Takes away an input that stands beside others of its port. */
  dropInput: (name: string) => setState({ draft: withoutInput(getState().draft, name), given: withGiven(getState().given, name, null) }),
  /** Lets the planner choose the models of these steps. */
  freeModels: (steps: ReadonlySet<string>) => change(withoutModels(getState().draft, steps)),
  clear: () => setState(empty),
  /** Back to what was before; for undo. */
  restore: (before: Composition) => setState(before),
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

/** What is put away for the next visit: a file that has arrived is an output from then on, and one that has not is lost. */
function kept({ draft, given }: Composition): Composition {
  const outputs = Object.entries(given).flatMap(([name, one]): Array<[string, Given]> => {
    if (one.kind !== 'file') return [[name, one]];
    if (!one.upload) return [];
    const { outputId, mediaType, sizeBytes } = one.upload;
    return [[name, { kind: 'output', outputId, mediaType, sizeBytes, name: one.file.name, ...(one.over === undefined ? {} : { over: one.over }) }]];
  });
  return { draft, given: Object.fromEntries(outputs), example: null };
}

/** What was put away, where it still has the form that this page writes. */
function readable(stored: unknown): Partial<Composition> {
  const { draft, given } = (stored ?? {}) as Partial<Composition>;
  const sound = Array.isArray(draft?.steps) && draft.steps.every((step) => typeof step.id === 'string' && typeof step.task === 'string');
  return sound && typeof draft.inputs === 'object' && typeof given === 'object' ? { draft, given } : {};
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
