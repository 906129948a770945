import { create } from 'zustand';
import { adoptOlder, forgetOf, forgetOlder, keyOf, type Places } from './keys.ts';

/** The storage of this browser; a browser that has it switched off throws where it is asked for. */
const places: Places = {
  get local() {
    return localStorage;
  },
  get session() {
    return sessionStorage;
  },
};

/** Whose things this page shows and keeps; null until it is known who is signed in, and again once they have left. */
export const usePerson = create<{ id: string | null }>(() => ({ id: null }));

const whenEntered: Array<() => void> = [];
let channel: BroadcastChannel | null = null;

type Said = { readonly kind: 'entered' | 'kept' | 'forgotten'; readonly id: string };

/** The name under which this browser keeps something of the person who is signed in; null while nobody is. */
export function keptName(kind: string): string | null {
  const { id } = usePerson.getState();
  return id === null ? null : keyOf(id, kind);
}

/** Reads what is kept, as soon as it is known whose page this is. */
export function whenKnown(read: () => void): void {
  if (usePerson.getState().id === null) whenEntered.push(read);
  else read();
}

/**
 * This page belongs to a person from here on. One that belonged to somebody else is loaded again, so that nothing of theirs is
 * left in its memory; what they had begun is kept for them under their own name.
 */
export function enter(id: string): void {
  const before = usePerson.getState().id;
  if (before === id) return;
  if (before !== null) {
    location.reload();
    return;
  }
  adoptOlder(places, id);
  usePerson.setState({ id });
  for (const read of whenEntered.splice(0)) read();
  say({ kind: 'entered', id });
}

/**
 * Whoever signed out leaves: every tab of theirs shows the door, and has nothing of them in memory.
 * @param keep what they had begun stays for them in this browser's storage
 */
export function leave(keep: boolean): void {
  const { id } = usePerson.getState();
  if (id === null) return;
  const said: Said = { kind: keep ? 'kept' : 'forgotten', id };
  say(said);
  close(said);
}

/** Somebody gives a name and a password: what an older release kept without a name might be another's, and goes. */
export const beforeEntering = () => forgetOlder(places);

/** Hears what other tabs say of who is signed in. Called once. */
export function openPerson(): void {
  channel = new BroadcastChannel('atelier-person');
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    const { id } = usePerson.getState();
    // A tab at the door has a storage of its own, too.
    if (id === null && data.kind === 'forgotten') forgetOf(places, data.id);
    if (id === null) return;
    if (data.kind === 'entered' && data.id !== id) location.reload();
    if (data.kind !== 'entered' && data.id === id) close(data);
  };
  // A page that the browser had put aside heard nothing: it asks again who is signed in.
  window.addEventListener('pageshow', ({ persisted }) => persisted && usePerson.getState().id !== null && location.reload());
}

function say(said: Said): void {
  channel?.postMessage(said);
}

function close({ kind, id }: Said): void {
  // From here on nothing is written, whatever the page still does as it goes.
  if (kind === 'forgotten') {
    usePerson.setState({ id: null });
    forgetOf(places, id);
  }
  location.replace('/sign-in');
}
