import type { ChainInput, ExampleView, ResolvedChain, TaskView, UploadView } from '@atelier/protocol';
import { create } from 'zustand';
import { append, type Draft, type DraftStep, draftOf, emptyDraft, without, withParameter } from './draft.ts';

/** What was given for an input of the chain. */
export type Given =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly file: File; readonly progress: number; readonly upload: UploadView | null; readonly error: unknown };

export interface Composition {
  readonly draft: Draft;
  readonly given: Readonly<Record<string, Given>>;
  /** Title and files of the example that it began from. */
  readonly example: ExampleView | null;
}

const empty: Composition = { draft: emptyDraft, given: {}, example: null };

/** The chain that is being composed; it outlives a visit to another page. */
export const useComposition = create<Composition>(() => empty);

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
  loadChain: (chain: ResolvedChain, tasks: readonly TaskView[]) => setState({ ...empty, draft: draftOf(chain, tasks), given: textsOf(getState().given) }),
  give: (name: string, given: Given | null) => {
    const { [name]: _, ...others } = getState().given;
    setState({ given: given ? { ...others, [name]: given } : others });
  },
  clear: () => setState(empty),
  /** Back to what was before; for undo. */
  restore: (before: Composition) => setState(before),
  now: () => getState(),
};

const textsOf = (given: Composition['given']) => Object.fromEntries(Object.entries(given).filter(([, one]) => one.kind === 'text'));

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
