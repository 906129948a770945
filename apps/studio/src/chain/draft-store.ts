import { newId } from '@atelier/protocol';

/** A draft as this browser keeps it. */
export interface KeptDraft<T> {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  /** A tab works on it now, as far as is known: a tab that was killed cannot say that it ended. */
  readonly open: boolean;
  readonly value: T;
}

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

interface Places {
  /** Shared by all tabs. */
  readonly local: Storage;
  /** This tab's own. A tab that is duplicated begins with a copy of it. */
  readonly session: Storage;
  readonly now?: () => number;
}

/** Names in the storage; they hold whose drafts these are. */
interface Names {
  /** What the name of each draft begins with. */
  readonly draft: string;
  /** Of the draft that this tab works on. */
  readonly tab: string;
}

/** Drafts that are kept; the oldest go first. */
const mostDrafts = 12;

/**
 * Drafts in the browser's storage, one a tab, so that no tab overwrites another's. A tab comes back to its own after a reload; a new
 * tab goes on with the newest draft that no open tab has, or begins one.
 */
export class DraftStore<T> {
  readonly #places: Places;
  readonly #names: Names;
  #id: string;

  constructor(places: Places, names: Names) {
    this.#places = places;
    this.#names = names;
    this.#id = this.#own() ?? this.#left() ?? newId();
    this.#remember();
  }

  get id(): string {
    return this.#id;
  }

  /** This tab's draft, or null if it has none yet. */
  read(): T | null {
    return this.#kept(this.#names.draft + this.#id)?.value ?? null;
  }

  /** Keeps this tab's draft. @param value null forgets it @param open false as the tab goes */
  write(value: T | null, open = true): void {
    if (value === null) {
      this.#remove(this.#id);
      return;
    }
    const kept: KeptDraft<T> = { id: this.#id, savedAt: this.#now(), open, value };
    quietly(() => this.#places.local.setItem(this.#names.draft + this.#id, JSON.stringify(kept)));
    for (const old of this.#all().slice(mostDrafts)) this.#remove(old.id);
  }

  /** The drafts of other tabs, newest first. */
  others(): Array<KeptDraft<T>> {
    return this.#all().filter((kept) => kept.id !== this.#id);
  }

  /** Another tab has this draft too: from here on this one has its own. */
  part(): void {
    this.#id = newId();
    this.#remember();
  }

  #remove(id: string): void {
    quietly(() => this.#places.local.removeItem(this.#names.draft + id));
  }

  #own(): string | null {
    return quietly(() => this.#places.session.getItem(this.#names.tab)) ?? null;
  }

  #left(): string | undefined {
    return this.#all().find((kept) => !kept.open)?.id;
  }

  #remember(): void {
    quietly(() => this.#places.session.setItem(this.#names.tab, this.#id));
  }

  #now(): number {
    return (this.#places.now ?? Date.now)();
  }

  #all(): Array<KeptDraft<T>> {
    return this.#keys()
      .filter((key) => key.startsWith(this.#names.draft))
      .flatMap((key) => this.#kept(key) ?? [])
      .sort((one, other) => other.savedAt - one.savedAt);
  }

  #keys(): string[] {
    return quietly(() => Array.from({ length: this.#places.local.length }, (_, index) => this.#places.local.key(index) ?? '')) ?? [];
  }

  #kept(key: string): KeptDraft<T> | undefined {
    return quietly(() => {
      const kept = JSON.parse(this.#places.local.getItem(key) ?? 'null') as KeptDraft<T> | null;
      return typeof kept?.id === 'string' && typeof kept.savedAt === 'number' && kept.value ? kept : undefined;
    });
  }
}

/** Storage may be switched off or full, or hold what an older release wrote; a draft then lasts as long as its page. */
function quietly<R>(work: () => R): R | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
