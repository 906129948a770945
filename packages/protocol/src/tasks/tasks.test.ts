import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseParameters, seedParameters } from '../task.ts';
import { findTask, listTasks, registerTask } from './index.ts';

test.each(listTasks().map((task) => [task.name, task] as const))('%s: defaults are valid, work is positive, and its JSON Schema has titles', (_, task) => {
  const defaults = parseParameters(task, {});
  expect(task.work(defaults)).toBeGreaterThan(0);
  const schema = z.toJSONSchema(task.parameters, { io: 'input' }) as { properties?: Record<string, { title?: string }> };
  for (const [name, property] of Object.entries(schema.properties ?? {})) expect(property.title, name).toBeTruthy();
  expect(Object.values(task.outputs).length).toBeGreaterThan(0);
});

test("each of the older system's words means one task", () => {
  const words = listTasks().flatMap((task) => task.seedWords.map((text) => [text, task.name] as const));
  for (const [text, name] of words) expect(findTask(text).name).toBe(name);
  expect(new Set(words.map(([text]) => text.toLowerCase())).size).toBe(words.length);
  expect(findTask('  text TO image ').name).toBe('text-to-image');
});

test('a task of a taken name is refused', () => {
  expect(() => registerTask(findTask('text-to-image'))).toThrow(/declared already/);
});

test('the seed of a task that draws at random is known by its control', () => {
  expect(seedParameters(findTask('text-to-image'))).toEqual(['variationSeed', 'seed']);
  expect(seedParameters(findTask('automatic-speech-recognition'))).toEqual([]);
});
