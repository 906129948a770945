import { type ApiTokenView, AtelierError } from '@atelier/protocol';
import { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { formatAgo } from '../terminal/format.ts';
import { studioCommand, withStudio } from './studio-command.ts';

export function tokenCommand(): Command {
  const token = new Command('token')
    .summary('make, list and revoke API tokens')
    .description('Makes, lists and revokes API tokens, with which programs call the studio. For edges, see: atelier edges token.');
  token.addCommand(listCommand(), { isDefault: true });
  token.addCommand(createCommand());
  token.addCommand(revokeCommand());
  return token;
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists your API tokens.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const tokens = await client.api.tokens.list();
        const now = Date.now();
        const columns = [
          { title: 'id', value: (token: ApiTokenView) => token.id },
          { title: 'begins', value: (token: ApiTokenView) => token.start ?? '' },
          { title: 'made', value: (token: ApiTokenView) => formatAgo(token.createdAt, now) },
          { title: 'last used', value: (token: ApiTokenView) => (token.lastUsedAt ? formatAgo(token.lastUsedAt, now) : 'never') },
          { title: 'ends', value: (token: ApiTokenView) => token.expiresAt?.slice(0, 10) ?? 'never' },
          { title: 'name', value: (token: ApiTokenView) => token.name, flexible: true },
        ];
        terminal.answer(tokens, () => (tokens.length === 0 ? ['No tokens. Make one: atelier token create NAME'] : terminal.table(tokens, columns)));
        return 0;
      }),
    );
}

function createCommand(): Command {
  return studioCommand('create')
    .description('Makes an API token. It is shown once.')
    .argument('<name>', 'what it is for')
    .option('--days <number>', 'how long it is valid (default: forever, but no longer than the token with which you ask)')
    .action(
      withStudio<StudioOptions & { days?: string }>(async ({ client, terminal }, { days }, [name]) => {
        if (days !== undefined && !(Number.isInteger(Number(days)) && Number(days) > 0))
          throw new AtelierError('invalid-input', '--days is a whole number of days.');
        const made = await client.api.tokens.create({ name: name as string, ...(days === undefined ? {} : { days: Number(days) }) });
        terminal.note(`Keep it now; it is not shown again.${made.expiresAt === null ? '' : ` It ends on ${made.expiresAt.slice(0, 10)}.`}`);
        terminal.answer(made, () => [made.token]);
        return 0;
      }),
    );
}

function revokeCommand(): Command {
  return studioCommand('revoke')
    .description('Revokes an API token.')
    .argument('<id>')
    .action(
      withStudio(async ({ client, terminal }, _flags, [id]) => {
        const revoked = await client.api.tokens.revoke({ id: id as string });
        terminal.answer(revoked, () => ['Revoked.']);
        return 0;
      }),
    );
}
