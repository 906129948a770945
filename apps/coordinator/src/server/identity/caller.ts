import type { AtelierError, EdgeId, Role } from '@atelier/protocol';

/** Somebody with an account, by a session's cookie or an API token. */
export interface Person {
  readonly kind: 'person';
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  readonly email: string;
  /** A browser sends cookies by itself, so changes asked for by `session` must come from our own pages. */
  readonly by: 'session' | 'token';
  /** The session by whose cookie they asked. */
  readonly session?: { readonly id: string };
  /** The token that was shown. */
  readonly token?: { readonly id: string; readonly expiresAt: Date | null };
}

/** An edge, by the token of its open socket. */
export interface EdgeCaller {
  readonly kind: 'edge';
  readonly edgeId: EdgeId;
  readonly token: string;
}

/** Nobody known; `problem` says what was wrong with what they showed. */
interface Stranger {
  readonly kind: 'stranger';
  readonly problem: AtelierError;
}

export type Caller = Person | EdgeCaller | Stranger;
