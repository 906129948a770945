import { limits, type SavedChainId } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestStudio, testStudio } from '../studio.test-support.ts';
import type { SavedChains } from './saved-chains.ts';

let studio: TestStudio;
let chains: SavedChains;
beforeAll(async () => {
  studio = await testStudio();
  chains = studio.core.chains;
});
afterAll(() => studio.close());

const line = 'text-generation, text-to-image';

test('a chain is saved resolved, under its name, and found by its maker alone, not even by an owner', async () => {
  const saved = await chains.save(studio.member, { name: 'Two steps', chain: line });
  expect(saved).toMatchObject({ name: 'Two steps', tasks: ['text-generation', 'text-to-image'], chain: { name: 'Two steps' } });
  expect(saved.chain.steps[1]?.inputs).toEqual({ prompt: ['text-generation.text'] });
  expect(await chains.get(studio.member, saved.id)).toEqual(saved);
  expect(await chains.list(studio.member)).toMatchObject([{ id: saved.id, name: 'Two steps' }]);
  for (const stranger of [studio.other, studio.owner]) {
    expect(await chains.list(stranger)).toEqual([]);
    await expect(chains.get(stranger, saved.id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(chains.change(stranger, saved.id, { name: 'Mine' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(chains.remove(stranger, saved.id)).rejects.toMatchObject({ code: 'not-found' });
  }
  await chains.remove(studio.member, saved.id);
});

test('a name is taken once for each person; renaming and overwriting keep the rest, and what was deleted can be saved again', async () => {
  const first = await chains.save(studio.member, { name: 'First', chain: line });
  await chains.save(studio.other, { name: 'First', chain: line });
  const second = await chains.save(studio.member, { name: 'second', chain: 'text-to-image' });
  await expect(chains.save(studio.member, { name: 'First', chain: line })).rejects.toMatchObject({ code: 'conflict' });
  await expect(chains.change(studio.member, second.id, { name: 'First' })).rejects.toMatchObject({ code: 'conflict' });
  const renamed = await chains.change(studio.member, first.id, { name: 'Zebra' });
  expect([renamed.name, renamed.chain]).toEqual(['Zebra', { ...first.chain, name: 'Zebra' }]);
  expect((await chains.list(studio.member)).map(({ name }) => name)).toEqual(['second', 'Zebra']);
  const over = await chains.change(studio.member, first.id, { chain: 'text-to-image' });
  expect([over.name, over.tasks, over.chain.name]).toEqual(['Zebra', ['text-to-image'], 'Zebra']);
  expect((await chains.change(studio.member, first.id, { chain: renamed.chain })).chain).toEqual(renamed.chain);
  const gone = await chains.remove(studio.member, first.id);
  await expect(chains.get(studio.member, first.id)).rejects.toMatchObject({ code: 'not-found' });
  expect((await chains.save(studio.member, gone)).chain).toEqual(gone.chain);
  for (const { id } of await chains.list(studio.member)) await chains.remove(studio.member, id);
});

test('what is no chain, or holds what a database does not keep, is refused with what to do', async () => {
  const save = (chain: Parameters<SavedChains['save']>[1]['chain']) => chains.save(studio.member, { name: 'Wrong', chain });
  await expect(save('no-such-task')).rejects.toMatchObject({ code: 'unknown-task' });
  await expect(save({ steps: [{ task: 'text-to-image', parameters: { steps: 0 } }] })).rejects.toMatchObject({ code: 'parameter-out-of-bounds' });
  await expect(save({ steps: [{ task: 'text-to-image', parameters: { negativePrompt: 'a\u0000b' } }] })).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(save({ steps: [{ task: 'text-to-image', inputs: { prompt: { text: 'half \ud83d' } } }] })).rejects.toMatchObject({ code: 'invalid-input' });
  const long = { task: 'text-generation', inputs: { prompt: { text: 'x'.repeat(limits.textBytes) } } };
  await expect(save({ steps: Array.from({ length: 5 }, () => long) })).rejects.toMatchObject({ code: 'too-large' });
  await expect(chains.get(studio.member, '01890000-0000-7000-8000-000000000000' as SavedChainId)).rejects.toMatchObject({ code: 'not-found' });
  expect(await chains.list(studio.member)).toEqual([]);
});

test('a person keeps so many and no more, also when they are saved at once', async () => {
  const save = (index: number) => chains.save(studio.member, { name: `Number ${index}`, chain: 'text-to-image' });
  for (let index = 0; index < limits.savedChainsPerPerson - 2; index += 1) await save(index);
  const tried = await Promise.allSettled(Array.from({ length: 5 }, (_, index) => save(1000 + index)));
  expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(tried.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))).toEqual(['too-large', 'too-large', 'too-large']);
  await expect(chains.save(studio.other, { name: 'Another person', chain: 'text-to-image' })).resolves.toMatchObject({ name: 'Another person' });
});
