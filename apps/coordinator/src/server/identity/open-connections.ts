import { AtelierError, admits, aRole, type Role } from '@atelier/protocol';
import type { Authenticate } from './authenticate.ts';
import type { Person } from './caller.ts';

/** A request or a WebSocket of somebody's that is being answered. */
interface Connection {
  /** What it showed of who asks. */
  readonly headers: Headers;
  /** What it asked for may be had from this role upwards. */
  readonly asked: Role;
  readonly cut: () => void;
}

/**
 * All that people have open, so that it ends at once when it may not go on: a session or token was ended, a role changed, somebody was removed.
 * What a connection may is looked up again for each, because a token may have ended with another, and a session by its time.
 */
export class OpenConnections {
  readonly #authenticate: Authenticate;
  readonly #byPerson = new Map<string, Set<Connection>>();
  readonly #refused = new WeakSet<Request>();
  /** Grows with each look, so that whoever was let in meanwhile is looked at once more. */
  #looks = 0;

  constructor(authenticate: Authenticate) {
    this.#authenticate = authenticate;
  }

  /**
   * Lets somebody in who may what they ask for, until they may not.
   * @returns who it is, and what says that the connection has ended
   * @throws AtelierError `unauthenticated`, `token-expired`, `forbidden`
   */
  async admit(connection: Connection): Promise<{ person: Person; leave: () => void }> {
    for (;;) {
      const before = this.#looks;
      const person = await this.#personOf(connection);
      const leave = this.#enter(person.id, connection);
      if (before === this.#looks) return { person, leave };
      leave();
    }
  }

  /** Cuts all that a person has open and that may not go on. Call it after the commit that ended something. @param except the request that asks for it */
  async look(personId: string, except?: Headers): Promise<void> {
    this.#looks += 1;
    const open = [...(this.#byPerson.get(personId) ?? [])].filter(({ headers }) => headers !== except);
    for (const connection of open) {
      await this.#personOf(connection).catch(() => connection.cut());
    }
  }

  /** A request that is still being worked on: what comes of it is not told to whoever asked. */
  refuseLater(request: Request): void {
    this.#refused.add(request);
  }

  /** Why a request gets no answer after all; undefined for all others. */
  refusalOf(request: Request): AtelierError | undefined {
    if (!this.#refused.has(request)) return undefined;
    return new AtelierError('unauthenticated', 'The session, the token or the account with which you asked ended meanwhile.', { hint: 'Sign in again.' });
  }

  async #personOf({ headers, asked }: Connection): Promise<Person> {
    const caller = await this.#authenticate(headers);
    if (caller.kind === 'stranger') throw caller.problem;
    if (caller.kind === 'edge') throw new AtelierError('forbidden', 'This is for people; an edge may not do it.');
    if (admits(asked, caller.role)) return caller;
    if (asked === 'owner') throw new AtelierError('forbidden', 'Only an owner may do this.', { hint: 'Ask an owner of this installation.' });
    throw new AtelierError('forbidden', `You are ${aRole(caller.role)} here, and this needs ${aRole(asked)}.`, { hint: 'Ask an owner to change your role.' });
  }

  #enter(personId: string, connection: Connection): () => void {
    const mine = this.#byPerson.get(personId) ?? new Set();
    this.#byPerson.set(personId, mine.add(connection));
    return () => {
      mine.delete(connection);
      if (mine.size === 0 && this.#byPerson.get(personId) === mine) this.#byPerson.delete(personId);
    };
  }
}
