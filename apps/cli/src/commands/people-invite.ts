import { type InvitationView, limits } from '@atelier/protocol';
import type { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { formatAgo } from '../terminal/format.ts';
import { linkLines, numberOf, roleOf } from './people-words.ts';
import { studioCommand, withStudio } from './studio-command.ts';

const usualDays = limits.invitationHoursUsual / 24;

export function inviteCommand(): Command {
  return studioCommand('invite')
    .description('Makes a link by which one person joins, once. Give it to them: nothing is sent.')
    .option('--role <role>', 'owner, member or guest', 'member')
    .option('--days <number>', `how long it may be accepted, up to ${limits.invitationHours / 24}`, `${usualDays}`)
    .option('--note <words>', 'for whom it is; shown to owners and to whoever opens it')
    .action(
      withStudio<StudioOptions & { role: string; days: string; note?: string }>(async ({ client, terminal }, { role, days, note }) => {
        const hours = Math.round(numberOf('--days', days, { least: 1 / 24, most: limits.invitationHours / 24 }) * 24);
        const made = await client.api.invitations.create({ role: roleOf(role), hours, ...(note === undefined ? {} : { note }) });
        terminal.answer(made, () => linkLines(made, terminal));
        return 0;
      }),
    );
}

export function invitationsCommand(): Command {
  const command = studioCommand('invitations')
    .description('Lists invitations that nobody has accepted yet, or revokes one.')
    .option('--revoke <id>', 'revoke this one');
  return command.action(
    withStudio<StudioOptions & { revoke?: string }>(async ({ client, terminal }, { revoke }) => {
      if (revoke !== undefined) {
        const revoked = await client.api.invitations.revoke({ id: revoke });
        terminal.answer(revoked, () => ['Revoked.']);
        return 0;
      }
      const open = await client.api.invitations.list();
      const now = Date.now();
      const columns = [
        { title: 'id', value: (one: InvitationView) => one.id },
        { title: 'role', value: (one: InvitationView) => one.role },
        { title: 'made', value: (one: InvitationView) => formatAgo(one.createdAt, now) },
        { title: 'by', value: (one: InvitationView) => one.madeBy ?? '' },
        { title: 'ends', value: (one: InvitationView) => one.expiresAt.slice(0, 16).replace('T', ' ') },
        { title: 'for', value: (one: InvitationView) => one.note ?? '', flexible: true },
      ];
      terminal.answer(open, () => (open.length === 0 ? ['No open invitations. Make one: atelier people invite'] : terminal.table(open, columns)));
      return 0;
    }),
  );
}
