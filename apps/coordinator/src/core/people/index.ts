/**
 * The people of a studio as owners look after them: what each has and may have, roles, and what becomes of the things of somebody who is removed.
 * Not here: how anybody signs in, invitations and sessions (server/identity), and what the bounds of a person stop (quota/, runs/).
 * Begin with people.ts.
 */
export { createPeople, type People, type Succession } from './people.ts';
