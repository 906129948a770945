import type { PeopleView, PersonDetail, SessionView } from '@atelier/protocol';
import { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { formatAgo, formatBytes } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { invitationsCommand, inviteCommand } from './people-invite.ts';
import { limitsCommand } from './people-limits.ts';
import { removeCommand } from './people-remove.ts';
import { findPerson, linkLines, roleOf } from './people-words.ts';
import { studioCommand, withStudio } from './studio-command.ts';

export function peopleCommand(): Command {
  const people = new Command('people')
    .summary('invite people, and look after who is here')
    .description('Invites people, and looks after who is here. For owners. What is your own you change in the studio: Your account.');
  people.addCommand(listCommand(), { isDefault: true });
  const others = [inviteCommand, invitationsCommand, roleCommand, limitsCommand, sessionsCommand, endSessionsCommand, resetCommand, removeCommand];
  for (const command of others) people.addCommand(command());
  return people;
}

const whom = 'e-mail address, name or id';

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists all people with what they have.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const view = await client.api.people.list();
        terminal.answer(view, () => (view.people.length === 0 ? ['Nobody yet. Invite somebody: atelier people invite --role owner'] : table(view, terminal)));
        return 0;
      }),
    );
}

function table({ people }: PeopleView, terminal: Terminal): string[] {
  const now = Date.now();
  return terminal.table(people, [
    { title: 'name', value: (person: PersonDetail) => person.name },
    { title: 'e-mail', value: (person) => person.email },
    { title: 'role', value: (person) => person.role },
    { title: 'seen', value: (person) => (person.lastSeenAt ? formatAgo(person.lastSeenAt, now) : 'never') },
    { title: 'open runs', value: (person) => `${person.openRuns}`, align: 'right' },
    { title: 'uploads', value: (person) => formatBytes(person.uploadedBytes), align: 'right' },
    { title: 'results', value: (person) => formatBytes(person.resultBytes), align: 'right' },
    { title: 'sessions', value: (person) => `${person.sessions}`, align: 'right' },
    { title: 'tokens', value: (person) => `${person.tokens}`, align: 'right' },
  ]);
}

function roleCommand(): Command {
  return studioCommand('role')
    .description('Makes a person an owner, a member or a guest.')
    .argument('<person>', whom)
    .argument('<role>', 'owner, member or guest')
    .action(
      withStudio(async (session, _flags, [word, role]) => {
        const wanted = roleOf(role as string);
        const { id } = await findPerson(session, word as string);
        const changed = await session.client.api.people.change({ id, role: wanted });
        session.terminal.answer(changed, () => [`${changed.name} is ${changed.role === 'owner' ? 'an owner' : `a ${changed.role}`} now.`]);
        return 0;
      }),
    );
}

function sessionsCommand(): Command {
  return studioCommand('sessions')
    .description('Lists where a person is signed in.')
    .argument('<person>', whom)
    .action(
      withStudio(async (session, _flags, [word]) => {
        const { id, name } = await findPerson(session, word as string);
        const sessions = await session.client.api.people.sessions({ id });
        const now = Date.now();
        const columns = [
          { title: 'id', value: (one: SessionView) => one.id },
          { title: 'device', value: (one: SessionView) => one.device },
          { title: 'address', value: (one: SessionView) => one.address ?? '' },
          { title: 'signed in', value: (one: SessionView) => formatAgo(one.createdAt, now) },
          { title: 'last used', value: (one: SessionView) => (one.lastUsedAt ? formatAgo(one.lastUsedAt, now) : '') },
        ];
        session.terminal.answer(sessions, () => (sessions.length === 0 ? [`${name} is signed in nowhere.`] : session.terminal.table(sessions, columns)));
        return 0;
      }),
    );
}

function endSessionsCommand(): Command {
  return studioCommand('end-sessions')
    .description('Signs a person out, everywhere or in one place. API tokens stay.')
    .argument('<person>', whom)
    .option('--session <id>', 'only this one')
    .action(
      withStudio<StudioOptions & { session?: string }>(async ({ client, terminal }, { session: sessionId }, [word]) => {
        const { id, name } = await findPerson({ client }, word as string);
        const { ended } = sessionId === undefined ? await client.api.people.endSessions({ id }) : await endOne();
        terminal.answer({ ended }, () => [`Ended: ${ended} ${ended === 1 ? 'session' : 'sessions'} of ${name}.`]);
        return 0;

        async function endOne(): Promise<{ ended: number }> {
          await client.api.people.endSession({ id, sessionId: sessionId as string });
          return { ended: 1 };
        }
      }),
    );
}

function resetCommand(): Command {
  return studioCommand('reset')
    .description('Makes a link by which a person takes a new password, once. When it is used, all their sessions end.')
    .argument('<person>', whom)
    .option('--end-tokens', 'their API tokens end too')
    .action(
      withStudio<StudioOptions & { endTokens?: boolean }>(async (session, { endTokens }, [word]) => {
        const { id } = await findPerson(session, word as string);
        const made = await session.client.api.people.resetLink({ id, endTokens: endTokens === true });
        session.terminal.answer(made, () => linkLines(made, session.terminal));
        return 0;
      }),
    );
}
