type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export interface Places {
  /** Shared by all tabs. */
  readonly local: Storage;
  /** This tab's own. */
  readonly session: Storage;
}

/** The name under which something of a person is kept, such as `walk` or `draft:ID`. */
export const keyOf = (person: string, kind: string) => `atelier:${person}:${kind}`;

/** What an older release kept without saying whose it was: the beginning of its name, and of its name from here on. */
const olderLocal = { 'atelier-draft:': 'draft:', 'atelier-walk': 'walk' };
const olderSession = { 'atelier-mask:': 'mask:', 'atelier-tab': 'tab', 'atelier-step-edits': 'step-edits' };
const olderOutbox = 'atelier-outbox';
const olderComposition = 'atelier-composition';
/** What tus-js-client keeps of uploads that broke off: names and addresses of files. */
const uploads = 'tus::';

/** Forgets all that this browser keeps of a person, in this tab and in what all tabs share. */
export function forgetOf(places: Places, person: string): void {
  removeAll(() => places.local, [keyOf(person, ''), uploads]);
  removeAll(() => places.session, [keyOf(person, '')]);
}

/** What an older release kept goes over to the person who was signed in when this one came. */
export function adoptOlder(places: Places, person: string): void {
  rename(() => places.local, olderLocal, person);
  rename(() => places.session, olderSession, person);
  quietly(() => {
    const text = places.local.getItem(olderOutbox);
    if (text === null) return;
    const own = (JSON.parse(text) as Array<{ personId?: unknown }>).filter((one) => one.personId === person);
    if (own.length > 0) places.local.setItem(keyOf(person, 'outbox'), JSON.stringify(own));
    places.local.removeItem(olderOutbox);
  });
}

/** Forgets what an older release kept, since nobody knows whose it was. */
export function forgetOlder(places: Places): void {
  removeAll(() => places.local, [...Object.keys(olderLocal), olderOutbox, olderComposition]);
  removeAll(() => places.session, Object.keys(olderSession));
}

function rename(storage: () => Storage, names: Readonly<Record<string, string>>, person: string): void {
  quietly(() => {
    for (const key of keysOf(storage())) {
      const [before, after] = Object.entries(names).find(([name]) => key.startsWith(name)) ?? [];
      if (before === undefined || after === undefined) continue;
      storage().setItem(keyOf(person, after + key.slice(before.length)), storage().getItem(key) ?? '');
      storage().removeItem(key);
    }
  });
}

function removeAll(storage: () => Storage, beginnings: readonly string[]): void {
  quietly(() => {
    for (const key of keysOf(storage())) if (beginnings.some((beginning) => key.startsWith(beginning))) storage().removeItem(key);
  });
}

const keysOf = (storage: Storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');

/** Storage may be switched off or full; then nothing was kept either. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Nothing was kept.
  }
}
