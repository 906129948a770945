import { z } from 'zod';
import type { TaskView } from './api-views.ts';
import type { TaskDeclaration } from './task.ts';

/** A task's declaration as clients see it: its parameters and controls as JSON Schema (draft 2020-12), hints for forms included. */
export function taskView(task: TaskDeclaration): TaskView {
  return {
    name: task.name,
    title: task.title,
    summary: task.summary,
    seedWords: [...task.seedWords],
    inputs: { ...task.inputs },
    outputs: { ...task.outputs },
    shared: task.shards !== null,
    parameters: jsonSchema(task.parameters),
    controls: Object.fromEntries(Object.entries(task.controls).map(([kind, schema]) => [kind, jsonSchema(schema)])),
    checkpoints: task.checkpoints,
  };
}

const jsonSchema = (schema: z.ZodObject) => z.toJSONSchema(schema, { io: 'input' }) as Record<string, unknown>;
