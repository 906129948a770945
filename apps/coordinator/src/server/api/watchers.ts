import { AtelierError, limits } from '@atelier/protocol';

/** Counts the event streams that are open: each holds a connection, and reads what changed for its watcher. */
export interface Watchers {
  /** @returns says that the stream has ended; a second call does nothing. @throws AtelierError `rate-limited` over the bounds */
  enter(personId: string): () => void;
}

export function countWatchers(): Watchers {
  const byPerson = new Map<string, number>();
  let all = 0;
  return {
    enter(personId) {
      const own = byPerson.get(personId) ?? 0;
      if (own >= limits.eventStreamsPerPerson) throw tooManyWatched(own);
      if (all >= limits.eventStreams) throw tooMany(`This studio serves ${all} watchers already, which is its most.`);
      byPerson.set(personId, own + 1);
      all += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        all -= 1;
        const rest = (byPerson.get(personId) ?? 1) - 1;
        if (rest === 0) byPerson.delete(personId);
        else byPerson.set(personId, rest);
      };
    },
  };
}

/** For a person, whether over one socket or many streams. */
export function tooManyWatched(own: number): AtelierError {
  return tooMany(`You watch ${own} runs already, which is the most for one person.`);
}

function tooMany(message: string): AtelierError {
  return new AtelierError('rate-limited', message, { hint: 'Close pages or programs that follow a run; or ask for the run now and then instead.' });
}
