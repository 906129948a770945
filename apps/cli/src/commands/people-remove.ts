import { AtelierError, type PersonDetail, type Removed } from '@atelier/protocol';
import type { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { findPerson } from './people-words.ts';
import { type Session, studioCommand, withStudio } from './studio-command.ts';

interface RemoveOptions extends StudioOptions {
  readonly handOverTo?: string;
  readonly delete?: boolean;
  readonly yes?: boolean;
}

export function removeCommand(): Command {
  return studioCommand('remove')
    .description('Removes a person: they are signed out at once and their tokens end. Their runs and items go to somebody else, or are deleted.')
    .argument('<person>', 'e-mail address, name or id')
    .option('--hand-over-to <person>', 'who has their runs, items and saved chains from then on (default: you)')
    .option('--delete', 'stop their open runs, and delete everything for good')
    .option('--yes', 'do it; without this nothing is done')
    .action(
      withStudio<RemoveOptions>(async (session, options, [word]) => {
        if (options.delete && options.handOverTo !== undefined) {
          throw new AtelierError('invalid-input', 'Things are either handed over or deleted.', { hint: 'Leave out --delete or --hand-over-to.' });
        }
        const person = await findPerson(session, word as string);
        const heir = options.handOverTo === undefined ? undefined : await findPerson(session, options.handOverTo);
        if (!options.yes) throw unconfirmed(person, options, heir);
        const removed = await remove(session, person, options, heir);
        session.terminal.answer(removed, () => [said(removed)]);
        return 0;
      }),
    );
}

function remove({ client }: Session, { id }: PersonDetail, options: RemoveOptions, heir: PersonDetail | undefined): Promise<Removed> {
  if (options.delete) return client.api.people.remove({ id, things: { kind: 'delete' } });
  return client.api.people.remove({ id, things: { kind: 'hand-over', ...(heir ? { to: heir.id } : {}) } });
}

/** Says what would be done, to be done by the same command with --yes. */
function unconfirmed(person: PersonDetail, options: RemoveOptions, heir: PersonDetail | undefined): AtelierError {
  const things = options.delete
    ? 'their open runs would be stopped, and all that they have would be deleted'
    : `${heir?.name ?? 'you'} would have all that they have`;
  return new AtelierError('invalid-input', `Nothing was done. ${person.name} (${person.email}) would be removed, and ${things}.`, {
    hint: 'It cannot be undone. If you mean it, add --yes.',
  });
}

function said({ name, runs, items, savedChains, handedOverTo }: Removed): string {
  const things = `runs ${runs}, items ${items}, saved chains ${savedChains}`;
  return `${name} is removed. ${handedOverTo === null ? 'Deleted' : `Handed over to ${handedOverTo}`}: ${things}.`;
}
