import type { Modality, TaskView } from '@atelier/protocol';

/** The tasks that begin with one value of a modality, in the order in which they are declared. */
export function tasksThatBeginWith(tasks: readonly TaskView[], modality: Modality): TaskView[] {
  return tasks.filter((task) => Object.values(task.inputs).some((port) => port.required && !port.many && port.modality === modality));
}

/** What a link to the composer carries, so that its page shows the chain and not its own beginning. */
export const toComposer = { state: { toComposer: true } } as const;
