import { expect, test } from 'vitest';
import { adoptOlder, forgetOf, forgetOlder, keyOf } from './keys.ts';
import { MemoryStorage } from './memory-storage.test-support.ts';

const all = ({ values }: MemoryStorage) => Object.fromEntries(values);

test('forgetting one person takes all of theirs and nothing of another, whose id begins the same', () => {
  const [local, session] = [new MemoryStorage({ 'atelier-theme': 'dark', other: 'x', 'tus::tus-br-a.png-1': '{}' }), new MemoryStorage()];
  for (const person of ['ada', 'ada2']) {
    for (const kind of ['draft:1', 'draft:2', 'walk', 'outbox']) local.setItem(keyOf(person, kind), person);
    for (const kind of ['mask:a:b', 'tab']) session.setItem(keyOf(person, kind), person);
  }
  forgetOf({ local, session }, 'ada');
  expect(Object.keys(all(local))).toEqual(['atelier-theme', 'other', ...['draft:1', 'draft:2', 'walk', 'outbox'].map((kind) => keyOf('ada2', kind))]);
  expect(Object.values(all(session))).toEqual(['ada2', 'ada2']);
});

const older = () => ({
  local: new MemoryStorage({
    'atelier-theme': 'dark',
    'atelier-draft:1': 'one',
    'atelier-draft:2': 'two',
    'atelier-walk': 'walk',
    'atelier-outbox': JSON.stringify([
      { key: 'a', personId: 'ada' },
      { key: 'b', personId: 'bob' },
    ]),
  }),
  session: new MemoryStorage({ 'atelier-tab': '1', 'atelier-mask:apple.png 3 4': 'mask', 'react-router-scroll-positions': '{}' }),
});

test('what an older release kept goes to who is signed in, but for the runs of somebody else', () => {
  const places = older();
  adoptOlder(places, 'ada');
  expect(all(places.local)).toEqual({
    'atelier-theme': 'dark',
    'atelier:ada:draft:1': 'one',
    'atelier:ada:draft:2': 'two',
    'atelier:ada:walk': 'walk',
    'atelier:ada:outbox': JSON.stringify([{ key: 'a', personId: 'ada' }]),
  });
  expect(all(places.session)).toEqual({ 'atelier:ada:tab': '1', 'atelier:ada:mask:apple.png 3 4': 'mask', 'react-router-scroll-positions': '{}' });
  adoptOlder(places, 'bob');
  expect([...places.local.values.keys()].some((key) => key.includes('bob'))).toBe(false);
});

test('what nobody is named for is gone when somebody signs in', () => {
  const places = older();
  forgetOlder(places);
  expect(all(places.local)).toEqual({ 'atelier-theme': 'dark' });
  expect(all(places.session)).toEqual({ 'react-router-scroll-positions': '{}' });
});

test('storage that is off stops nothing', () => {
  const off = {
    get local(): Storage {
      throw new Error('storage is off');
    },
    get session(): Storage {
      throw new Error('storage is off');
    },
  };
  for (const deed of [() => adoptOlder(off, 'ada'), () => forgetOf(off, 'ada'), () => forgetOlder(off)]) expect(deed).not.toThrow();
});
