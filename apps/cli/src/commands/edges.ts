import { AtelierError, differingModel, type EdgeView, type LinkView } from '@atelier/protocol';
import { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { formatAgo, formatBytes, formatSeconds } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Session, studioCommand, withStudio } from './studio-command.ts';

export function edgesCommand(): Command {
  const edges = new Command('edges')
    .summary('list the machines of the fleet, and let them join or leave')
    .description('Lists the machines of the fleet, and lets them join or leave.');
  edges.addCommand(listCommand(), { isDefault: true });
  edges.addCommand(linksCommand());
  edges.addCommand(drainCommand());
  edges.addCommand(confirmCommand());
  edges.addCommand(revokeCommand());
  edges.addCommand(tokenCommand());
  return edges;
}

/** An edge by its name or id. @throws AtelierError `not-found` */
export async function findEdge({ client }: Pick<Session, 'client'>, nameOrId: string): Promise<EdgeView> {
  const edges = await client.api.edges.list();
  const live = edges.filter((edge) => edge.state !== 'revoked');
  const found = edges.find((edge) => edge.id === nameOrId) ?? live.find((edge) => edge.name === nameOrId);
  if (found) return found;
  throw new AtelierError('not-found', `There is no edge "${nameOrId}".`, {
    hint: live.length > 0 ? `Edges are: ${live.map((edge) => edge.name).join(', ')}.` : 'Let one join: atelier edges token.',
  });
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists all edges with what they offer and do.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const edges = await client.api.edges.list();
        terminal.answer(edges, () => (edges.length === 0 ? ['No edges. Let one join: atelier edges token'] : edgeTable(edges, terminal)));
        return 0;
      }),
    );
}

function edgeTable(edges: readonly EdgeView[], terminal: Terminal): string[] {
  const now = Date.now();
  const table = terminal.table(edges, [
    { title: 'edge', value: (edge) => edge.name },
    { title: 'state', value: (edge) => edge.state },
    { title: 'runs', value: (edge) => `${edge.running}/${edge.info?.slots ?? '?'}`, align: 'right' },
    { title: 'waits', value: (edge) => (edge.queued === 0 ? '0' : `${edge.queued} (${formatSeconds(edge.queuedSeconds)})`), align: 'right' },
    { title: 'memory', value: (edge) => (edge.info ? formatBytes(edge.info.modelMemoryBytes) : ''), align: 'right' },
    { title: 'seen', value: (edge) => (edge.state === 'online' ? 'now' : edge.lastSeenAt ? formatAgo(edge.lastSeenAt, now) : 'never') },
    {
      title: 'models',
      value: (edge) =>
        edge.models
          .filter((model) => model.state === 'ready')
          .map((model) => model.manifest.id)
          .join(', '),
      flexible: true,
    },
  ]);
  return [...table, ...edges.flatMap((edge) => differing(edge, terminal))];
}

/** Models that are not the catalogue's, with what to do. */
function differing(edge: EdgeView, { paint }: Terminal): string[] {
  const models = edge.models.filter(({ standing }) => standing === 'differs');
  return models.flatMap(({ manifest }) => [paint.bad(`${manifest.id} on ${edge.name}: ${differingModel.message}`), paint.dim(differingModel.hint)]);
}

function linksCommand(): Command {
  return studioCommand('links')
    .description('Lists the measured links between edges.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const [links, edges] = await Promise.all([client.api.edges.links(), client.api.edges.list()]);
        const nameOf = (id: string) => edges.find((edge) => edge.id === id)?.name ?? id;
        const columns = [
          { title: 'from', value: (link: LinkView) => nameOf(link.from) },
          { title: 'to', value: (link: LinkView) => nameOf(link.to) },
          { title: 'rate', value: (link: LinkView) => `${formatBytes(link.bytesPerSecond)}/s`, align: 'right' as const },
          { title: 'latency', value: (link: LinkView) => `${Math.round(link.latencySeconds * 1000)} ms`, align: 'right' as const },
          { title: 'measured', value: (link: LinkView) => `${link.samples} times`, align: 'right' as const },
        ];
        terminal.answer(links, () => (links.length === 0 ? ['Nothing is measured yet: links are measured when bytes move.'] : terminal.table(links, columns)));
        return 0;
      }),
    );
}

function drainCommand(): Command {
  return studioCommand('drain')
    .description('Lets an edge finish what it runs and take no more.')
    .argument('<edge>', 'its name or id')
    .option('--off', 'let it take work again')
    .action(
      withStudio<StudioOptions & { off?: boolean }>(async (session, { off }, [word]) => {
        const edge = await findEdge(session, word as string);
        const changed = await session.client.api.edges.drain({ id: edge.id, on: off !== true });
        session.terminal.answer(changed, () => [`${changed.name} is ${changed.state}.`]);
        return 0;
      }),
    );
}

function confirmCommand(): Command {
  return studioCommand('confirm')
    .description('Lets other edges fetch results straight from an edge that says another address than the one it connects from.')
    .argument('<edge>', 'its name or id')
    .option('--off', 'take it back: its results go through the studio')
    .action(
      withStudio<StudioOptions & { off?: boolean }>(async (session, { off }, [word]) => {
        const edge = await findEdge(session, word as string);
        const url = off === true ? null : (edge.transfer?.url ?? null);
        if (off !== true && url === null)
          throw new AtelierError('conflict', `${edge.name} gives nothing to other edges.`, { hint: 'Give it a listen address in its edge.yaml.' });
        const changed = await session.client.api.edges.confirmAddress({ id: edge.id, url });
        const open = changed.transfer?.state === 'open';
        session.terminal.answer(changed, () => [
          open ? `Other edges fetch from ${changed.name} at ${changed.transfer?.url}.` : `Results of ${changed.name} go through the studio.`,
        ]);
        return 0;
      }),
    );
}

function revokeCommand(): Command {
  return studioCommand('revoke')
    .description('Shuts an edge out for good; its steps are planned again elsewhere.')
    .argument('<edge>', 'its name or id')
    .action(
      withStudio(async (session, _flags, [word]) => {
        const edge = await findEdge(session, word as string);
        const changed = await session.client.api.edges.revoke({ id: edge.id });
        session.terminal.answer(changed, () => [`${changed.name} is revoked. To come back it has to join again.`]);
        return 0;
      }),
    );
}

function tokenCommand(): Command {
  return studioCommand('token')
    .description('Makes a token with which one edge may join, once. Run the command that it prints on the other machine.')
    .option('--minutes <number>', 'how long it may be used (1 to 1440)', '60')
    .action(
      withStudio<StudioOptions & { minutes: string }>(async ({ client, terminal }, { minutes }) => {
        const made = await client.api.edges.joinToken({ minutes: Number(minutes) });
        terminal.answer(made, () => [
          made.command,
          terminal.paint.dim(`Works once, until ${new Date(made.expiresAt).toLocaleTimeString()}.`),
          ...(made.reach === 'network' ? [] : ['Only this machine reaches that address. Start the studio with --host 0.0.0.0 to let others in.']),
          ...(made.otherAddresses.length === 0 ? [] : [terminal.paint.dim(`This studio is also at ${made.otherAddresses.join(', ')}.`)]),
        ]);
        return 0;
      }),
    );
}
