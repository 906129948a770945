import { create } from 'zustand';
import { keptName, whenKnown } from '../kept/person.ts';

/** What somebody set of a step of a run and has not run yet. */
export interface StepEdit {
  readonly runId: string;
  readonly stepId: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const storageKey = () => keptName('step-edits');
/** Edits that are kept in a tab; the oldest go first. */
const mostEdits = 20;

/** The edits of this tab, newest first; they outlive a closed window and a reload. */
export const useStepEdits = create<{ edits: readonly StepEdit[] }>(() => ({ edits: [] }));
whenKnown(() => useStepEdits.setState({ edits: stored() }));

const isOf = (edit: Pick<StepEdit, 'runId' | 'stepId'>) => (other: StepEdit) => other.runId === edit.runId && other.stepId === edit.stepId;

/** What was set of this step, or undefined. */
export const useStepEdit = (runId: string, stepId: string): StepEdit | undefined => useStepEdits(({ edits }) => edits.find(isOf({ runId, stepId })));

export const keepStepEdit = (edit: StepEdit) => keep([edit, ...useStepEdits.getState().edits.filter((other) => !isOf(edit)(other))].slice(0, mostEdits));

/** Forgets an edit that was run or given up. */
export const dropStepEdit = (edit: Pick<StepEdit, 'runId' | 'stepId'>) => keep(useStepEdits.getState().edits.filter((other) => !isOf(edit)(other)));

function keep(edits: readonly StepEdit[]): void {
  useStepEdits.setState({ edits });
  const name = storageKey();
  if (name === null) return;
  try {
    if (edits.length === 0) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(edits));
  } catch {
    // The storage is off or full: the edits last as long as the page.
  }
}

function stored(): readonly StepEdit[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageKey() ?? '') ?? '[]') as StepEdit[];
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.runId === 'string' && typeof one.stepId === 'string' && typeof one.values === 'object') : [];
  } catch {
    return [];
  }
}
