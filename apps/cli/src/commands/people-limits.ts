import { AtelierError, limits, parseBytes } from '@atelier/protocol';
import type { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { formatBytes } from '../terminal/format.ts';
import { findPerson, numberOf } from './people-words.ts';
import { studioCommand, withStudio } from './studio-command.ts';

interface LimitOptions extends StudioOptions {
  readonly openRuns?: string;
  readonly uploads?: string;
}

/** The word with which a bound goes back to that of the studio. */
const usual = 'default';

export function limitsCommand(): Command {
  return studioCommand('limits')
    .description('Shows or sets what a person may have.')
    .argument('<person>', 'e-mail address, name or id')
    .option('--open-runs <number>', `runs that have not ended, or "${usual}"`)
    .option('--uploads <size>', `bytes of uploads, such as 20GB, or "${usual}"`)
    .action(
      withStudio<LimitOptions>(async (session, { openRuns, uploads }, [word]) => {
        const { client, terminal } = session;
        const { id } = await findPerson(session, word as string);
        const wanted = {
          ...(openRuns === undefined
            ? {}
            : { openRuns: openRuns === usual ? null : numberOf('--open-runs', openRuns, { least: 0, most: limits.mostOpenRuns }) }),
          ...(uploads === undefined ? {} : { uploadedBytes: uploads === usual ? null : bytesOf(uploads) }),
        };
        if (Object.keys(wanted).length > 0) await client.api.people.change({ id, limits: wanted });
        const { people, defaults } = await client.api.people.list();
        const person = people.find((one) => one.id === id);
        if (!person) throw new AtelierError('not-found', 'This person was removed just now.');
        const of = (value: number | null, otherwise: number, write: (value: number) => string) =>
          value === null ? `${write(otherwise)} (the studio's)` : write(value);
        terminal.answer(person, () => [
          `Open runs: ${person.openRuns} of ${of(person.limits.openRuns, defaults.openRuns, String)}.`,
          `Uploads: ${formatBytes(person.uploadedBytes)} of ${of(person.limits.uploadedBytes, defaults.uploadedBytes, formatBytes)}. Results: ${formatBytes(person.resultBytes)}.`,
        ]);
        return 0;
      }),
    );
}

function bytesOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new AtelierError('invalid-input', `"${text}" is no size.`, { hint: 'Write it like 500MB or 20GB.' });
}
