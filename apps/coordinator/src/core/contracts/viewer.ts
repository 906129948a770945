import { AtelierError } from '@atelier/protocol';

/** Who asks. A member sees their own runs, an owner all. */
export interface Viewer {
  readonly id: string;
  readonly role: 'owner' | 'member';
}

export function maySee(viewer: Viewer, userId: string): boolean {
  return viewer.role === 'owner' || viewer.id === userId;
}

/** Says the same for what is not there and for what is not theirs. */
export function notFound(what = 'run'): AtelierError {
  return new AtelierError('not-found', `There is no such ${what}.`, { hint: what === 'run' ? 'List yours with: atelier runs.' : undefined });
}
