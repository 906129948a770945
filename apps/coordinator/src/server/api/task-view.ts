import type { TaskDeclaration, TaskView } from '@atelier/protocol';
import { z } from 'zod';

/** A task's declaration as clients see it: its parameters as JSON Schema (draft 2020-12), hints for forms included. */
export function taskView(task: TaskDeclaration): TaskView {
  return {
    name: task.name,
    title: task.title,
    summary: task.summary,
    seedWords: [...task.seedWords],
    inputs: { ...task.inputs },
    outputs: { ...task.outputs },
    parameters: z.toJSONSchema(task.parameters, { io: 'input' }) as Record<string, unknown>,
  };
}
