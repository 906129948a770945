import { AtelierError, RunId } from '@atelier/protocol';

/** A run's id as it was typed. @throws AtelierError `invalid-input` */
export function runId(word: string | undefined): RunId {
  const parsed = RunId.safeParse(word);
  if (parsed.success) return parsed.data;
  throw new AtelierError('invalid-input', `"${word}" is not the id of a run.`, { hint: 'List them with: atelier runs list.' });
}
