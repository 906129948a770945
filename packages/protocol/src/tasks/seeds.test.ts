import { expect, test } from 'vitest';
import { parseParameters, seedBounds, seedParameters } from '../task.ts';
import { listTasks } from './index.ts';

const withSeeds = listTasks().filter((task) => seedParameters(task).length > 0);

test.each(withSeeds.map((task) => [task.name, task] as const))('every seed of %s has the one bound and says so in the same words', (_name, task) => {
  for (const name of seedParameters(task)) {
    for (const value of [-1, 2 ** 32, 1.5, '7', Number.NaN]) {
      const given = { ...(task.name === 'latent-walk' ? { keyframes: [{ prompt: 'a' }, { prompt: 'b' }] } : {}), [name]: value };
      expect(() => parseParameters(task, given), `${name} = ${value}`).toThrow(`${task.name}.${name}: ${seedBounds}.`);
    }
  }
});
