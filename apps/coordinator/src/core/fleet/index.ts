/**
 * Which edges there are, what they said last, and what the catalogue says of their models. In memory, written through to the database.
 * Not here: what follows from what an edge says (edges/), what it is given to do (dispatch/), what was measured of it (planning/).
 * Begin with fleet.ts.
 */
export { type EdgeIdentity, Fleet, type KnownEdge, type Moved, type NewEdge } from './fleet.ts';
export { ModelStanding } from './model-standing.ts';
