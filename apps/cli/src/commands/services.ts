import { AtelierError, type ServiceKindView, type ServiceState, type ServiceView } from '@atelier/protocol';
import { Command } from 'commander';
import { describeBounds, type ParameterSchema, parseSettings } from '../run/settings-text.ts';
import type { StudioOptions } from '../studio.ts';
import { formatAgo, formatBytes } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { findEdge } from './edges.ts';
import { collect, type Session, studioCommand, withStudio } from './studio-command.ts';

export function servicesCommand(): Command {
  const services = new Command('services')
    .summary('start, list and stop long-lived processes on edges')
    .description('Starts, lists and stops services: long-lived processes on edges, which are started again whenever they end.');
  services.addCommand(listCommand(), { isDefault: true });
  services.addCommand(kindsCommand());
  services.addCommand(startCommand());
  services.addCommand(stopCommand());
  services.addCommand(logCommand());
  return services;
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists your services; an owner sees those of all.')
    .option('--all', 'those that have ended too')
    .action(
      withStudio<StudioOptions & { all?: boolean }>(async ({ client, terminal }, { all }) => {
        const services = await client.api.services.list({ state: all ? 'all' : 'open' });
        terminal.answer(services, () => (services.length === 0 ? ['No services. See what can be started: atelier services kinds'] : table(services, terminal)));
        return 0;
      }),
    );
}

function table(services: readonly ServiceView[], terminal: Terminal): string[] {
  const now = Date.now();
  return terminal.table(services, [
    { title: 'id', value: (service) => service.id },
    { title: 'kind', value: (service) => service.kind },
    { title: 'state', value: (service) => service.state },
    { title: 'edge', value: (service) => service.edgeName ?? '' },
    { title: 'since', value: (service) => formatAgo(service.endedAt ?? service.readyAt ?? service.createdAt, now) },
    { title: 'restarts', value: (service) => String(service.restarts), align: 'right' },
    { title: 'whose', value: (service) => service.personName },
    { title: 'why', value: (service) => (service.state === 'running' ? '' : (service.error?.message ?? '')), flexible: true },
  ]);
}

function kindsCommand(): Command {
  return studioCommand('kinds')
    .description('Lists the kinds of services, their parameters, and the edges that can run each.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const kinds = await client.api.services.kinds();
        const none = 'No kinds. A module of your own brings some: start the studio with --tasks MODULE (docs/services.md).';
        terminal.answer(kinds, () => (kinds.length === 0 ? [none] : kinds.flatMap((kind) => kindLines(kind, terminal))));
        return 0;
      }),
    );
}

function kindLines(kind: ServiceKindView, { paint }: Terminal): string[] {
  const edges = kind.edges.map(({ edgeName }) => edgeName).join(', ') || 'no edge that is here now';
  const parameters = Object.entries(propertiesOf(kind)).map(([name, schema]) => `  --set ${name}=...  ${paint.dim(describeBounds(schema))}`);
  return [`${paint.bold(kind.name)}  ${kind.summary}`, `  on ${edges}; at most ${formatBytes(kind.memoryBytes)} of memory`, ...parameters];
}

const propertiesOf = (kind: ServiceKindView) => (kind.parameters.properties ?? {}) as Record<string, ParameterSchema>;

interface StartFlags extends StudioOptions {
  readonly edge: string;
  readonly run?: string;
  readonly set?: string[];
}

function startCommand(): Command {
  return studioCommand('start')
    .description('Starts a service on an edge.')
    .argument('<kind>', 'see: atelier services kinds')
    .requiredOption('--edge <edge>', 'the name or id of an edge, or "any": then it moves to another edge if its edge goes away')
    .option('--run <id>', 'a run of yours with which it ends')
    .option('--set <parameter=value>', 'a parameter; may be repeated', collect)
    .action(
      withStudio<StartFlags>(async (session, flags, [kind]) => {
        const { client, terminal } = session;
        const declared = (await client.api.services.kinds()).find(({ name }) => name === kind);
        const parameters = parseSettings(flags.set ?? [], (name) => (declared ? propertiesOf(declared)[name] : undefined));
        const edge = flags.edge === 'any' ? ('any' as const) : (await findEdge(session, flags.edge)).id;
        const run = flags.run === undefined ? {} : { runId: flags.run as NonNullable<ServiceView['runId']> };
        const started = await client.api.services.start({ kind: kind as string, parameters, edge, ...run });
        terminal.answer(started, () => [`${started.kind} is ${started.state}${started.edgeName ? ` on ${started.edgeName}` : ''}: ${started.id}`]);
        return 0;
      }),
    );
}

function stopCommand(): Command {
  return studioCommand('stop')
    .description('Stops a service for good.')
    .argument('<id>', 'its id, or as much of its end as is needed')
    .action(
      withStudio(async (session, _flags, [word]) => {
        const { id } = await findService(session, word as string, 'open');
        const stopped = await session.client.api.services.stop({ id });
        session.terminal.answer(stopped, () => [`${stopped.kind} is ${stateWord(stopped.state)}.`]);
        return 0;
      }),
    );
}

const stateWord = (state: ServiceState) => (state === 'stopping' ? 'being stopped' : state);

function logCommand(): Command {
  return studioCommand('logs')
    .description('Prints the end of what a service wrote.')
    .argument('<id>', 'its id, or as much of its end as is needed')
    .action(
      withStudio(async (session, _flags, [word]) => {
        const { id } = await findService(session, word as string, 'all');
        const log = await session.client.api.services.log({ id });
        session.terminal.answer(log, () => log.text.split('\n'));
        return 0;
      }),
    );
}

/** Ids begin alike, as they begin with the time; their ends are drawn. @throws AtelierError `not-found`, `invalid-input` if several end so */
async function findService({ client }: Pick<Session, 'client'>, word: string, state: 'open' | 'all'): Promise<ServiceView> {
  const found = (await client.api.services.list({ state, limit: 500 })).filter(({ id }) => id.endsWith(word.toLowerCase()));
  if (found.length === 1) return found[0] as ServiceView;
  if (found.length > 1) throw new AtelierError('invalid-input', `${found.length} services end in "${word}".`, { hint: 'Give more of the id.' });
  throw new AtelierError('not-found', `There is no service "${word}".`, { hint: 'List them with: atelier services --all.' });
}
