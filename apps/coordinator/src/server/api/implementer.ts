import { contract } from '@atelier/protocol';
import { implement } from '@orpc/server';
import type { Person } from '../identity/caller.ts';

/** What a procedure is told of its request. The gate of its policy was passed before. */
export interface ApiContext {
  /** The one that was asked for and whose policy was checked, such as `runs.get`. */
  readonly procedure: string;
  readonly person: Person;
  readonly headers: Headers;
}

/** What procedures of the contract are made with. */
export const implementer = () => implement(contract).$context<ApiContext>();
export type Implementer = ReturnType<typeof implementer>;
