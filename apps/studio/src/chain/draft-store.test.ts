import { expect, test } from 'vitest';
import { MemoryStorage } from '../kept/memory-storage.test-support.ts';
import { DraftStore } from './draft-store.ts';

const names = { draft: 'atelier:ada:draft:', tab: 'atelier:ada:tab' };
let clock = 0;
const tab = (local: MemoryStorage, session = new MemoryStorage()) => new DraftStore<string>({ local, session, now: () => (clock += 1) }, names);

test('two tabs never overwrite each other, and each comes back to its own after a reload', () => {
  const local = new MemoryStorage();
  const [mine, yours] = [new MemoryStorage(), new MemoryStorage()];
  tab(local, mine).write('apple');
  const second = tab(local, yours);
  expect(second.read()).toBeNull();
  second.write('pear');
  expect([tab(local, mine).read(), tab(local, yours).read()]).toEqual(['apple', 'pear']);
  expect(second.others().map((kept) => kept.value)).toEqual(['apple']);
});

test('a new tab goes on with the newest draft that was left, and with none that is open', () => {
  const local = new MemoryStorage();
  tab(local).write('open');
  tab(local).write('left first', false);
  const other = tab(local);
  expect(other.read()).toBe('left first');
  other.write('left last');
  expect(tab(local).read()).toBeNull();
});

test('a tab that was duplicated parts from the one that it was copied from', () => {
  const local = new MemoryStorage();
  const session = new MemoryStorage();
  const first = tab(local, session);
  first.write('apple');
  const copy = tab(local, session);
  expect(copy.id).toBe(first.id);
  copy.part();
  copy.write('pear');
  expect([first.read(), copy.read()]).toEqual(['apple', 'pear']);
});

test('an emptied draft is forgotten, the oldest of many go', () => {
  const local = new MemoryStorage();
  for (let count = 0; count < 15; count += 1) tab(local).write(`draft ${count}`);
  const last = tab(local);
  expect(last.others()).toHaveLength(12);
  last.write('mine');
  last.write(null);
  expect(last.read()).toBeNull();
});

test('storage that is off or holds rubbish costs nothing but the draft', () => {
  const local = new MemoryStorage();
  local.setItem('atelier:ada:draft:x', '{');
  local.setItem('atelier:ada:draft:y', '{"id":4}');
  expect(tab(local).others()).toEqual([]);
  const off = new Proxy(local, {
    get: () => {
      throw new Error('storage is off');
    },
  });
  const without = new DraftStore<string>({ local: off, session: off }, names);
  without.write('apple');
  expect([without.read(), without.others()]).toEqual([null, []]);
});
