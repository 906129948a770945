import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseParameters, seedParameters, shardCount, shardKey } from '../task.ts';
import { findTask, listTasks, registerTask } from './index.ts';

test.each(listTasks().map((task) => [task.name, task] as const))('%s: defaults are valid, work is positive, and its JSON Schema has titles', (_, task) => {
  const defaults = parseParameters(task, {});
  expect(task.work(defaults, {})).toBeGreaterThan(0);
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

test('a picture of a batch is made alone with the key that it has among the others', () => {
  for (const name of ['text-to-image', 'image-to-image', 'inpainting']) {
    const task = findTask(name);
    const batch = parseParameters(task, { count: 4, seed: 0xffff_fffe });
    for (const shard of [0, 1, 3]) {
      const single = parseParameters(task, task.shards?.alone?.(batch, shard) ?? {});
      expect(shardCount(task, single)).toBe(1);
      expect(shardKey(task, single, 0, {})).toEqual(shardKey(task, batch, shard, {}));
    }
  }
});

test('the seed of a task that draws at random is known by its control', () => {
  expect(seedParameters(findTask('text-to-image'))).toEqual(['variationSeed', 'seed']);
  expect(seedParameters(findTask('automatic-speech-recognition'))).toEqual([]);
});
