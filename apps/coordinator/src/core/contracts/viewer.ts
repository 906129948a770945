import { AtelierError, type Role } from '@atelier/protocol';

/** Who asks. A member sees their own runs, an owner all. A guest has none, and sees what is public, or shared with them. */
export interface Viewer {
  readonly id: string;
  readonly role: Role;
}

/** Whether somebody may see what belongs to a person. What is shared with them besides is for the room to say whose things can be shared. */
export function maySee(viewer: Viewer, userId: string): boolean {
  return viewer.role === 'owner' || viewer.id === userId;
}

/** Says the same for what is not there and for what is not theirs. */
export function notFound(what = 'run'): AtelierError {
  return new AtelierError('not-found', `There is no such ${what}.`, { hint: what === 'run' ? 'List yours with: atelier runs.' : undefined });
}
