import { api, queries } from '../api/client.ts';

/** Asks again for all that a change of a person may have changed. */
export function peopleChanged(): void {
  for (const queryKey of [api.people.key(), api.invitations.key(), api.me.key(), api.usage.key()]) void queries.invalidateQueries({ queryKey });
}
