import type { PeopleView, PersonChange, PersonDetail, Removal, Removed } from '@atelier/protocol';
import { changePerson } from './change.ts';
import { listPeople } from './list.ts';
import { type RemovalNeeds, removePerson } from './remove.ts';

export type { Succession } from './last-owner.ts';

/** People as owners look after them. Methods throw AtelierError `not-found` for somebody who is not here. */
export interface People {
  list(): Promise<PeopleView>;
  /** @throws AtelierError `conflict` if nobody would be an owner any more */
  change(change: PersonChange): Promise<PersonDetail>;
  /**
   * Removes a person for good, with their sessions, tokens and links.
   * @param by the owner who does it @param shutOut is called as soon as nothing of theirs opens anything any more
   * @throws AtelierError `conflict` for the last owner, and for oneself; `invalid-input` if their things cannot go to whom they should
   */
  remove(by: string, removal: Removal, shutOut: () => Promise<void>): Promise<Removed>;
}

export function createPeople(needs: RemovalNeeds): People {
  return {
    list: () => listPeople(needs),
    change: (change) => changePerson(needs, change),
    remove: (by, removal, shutOut) => removePerson(needs, by, removal, shutOut),
  };
}
