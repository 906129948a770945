import { AtelierError, formatChain, SavedChainName, type SavedChainSummary } from '@atelier/protocol';
import { Command } from 'commander';
import { isChain, readChain } from '../run/chain-argument.ts';
import { savedChain } from '../run/saved-chain.ts';
import type { StudioOptions } from '../studio.ts';
import { formatAgo } from '../terminal/format.ts';
import { chainHelp } from './plan.ts';
import { studioCommand, withStudio } from './studio-command.ts';

export function chainCommand(): Command {
  const chain = new Command('chain')
    .summary('save, list, show, rename and delete chains')
    .description('Keeps chains in the studio by name. They are yours alone. Run one: atelier run NAME');
  chain.addCommand(listCommand(), { isDefault: true });
  chain.addCommand(saveCommand());
  chain.addCommand(showCommand());
  chain.addCommand(renameCommand());
  chain.addCommand(removeCommand());
  return chain;
}

function listCommand(): Command {
  return studioCommand('list')
    .description('Lists your saved chains.')
    .action(
      withStudio(async ({ client, terminal }) => {
        const chains = await client.api.chains.list();
        const now = Date.now();
        const columns = [
          { title: 'name', value: (chain: SavedChainSummary) => chain.name },
          { title: 'changed', value: (chain: SavedChainSummary) => formatAgo(chain.changedAt, now) },
          { title: 'steps', value: (chain: SavedChainSummary) => chain.tasks.join(' → '), flexible: true },
        ];
        terminal.answer(chains, () => (chains.length === 0 ? ['No saved chains. Save one: atelier chain save NAME CHAIN'] : terminal.table(chains, columns)));
        return 0;
      }),
    );
}

interface SaveFlags extends StudioOptions {
  readonly replace?: boolean;
}

function saveCommand(): Command {
  return studioCommand('save')
    .description('Saves a chain by name.')
    .argument('<name>')
    .argument('<chain>')
    .option('--replace', 'save over the chain that has this name')
    .addHelpText('after', chainHelp)
    .action(
      withStudio<SaveFlags>(async ({ client, terminal }, { replace }, [word, argument]) => {
        const name = nameOf(word);
        const { chain } = await readChain(argument as string, client);
        const before = replace ? (await client.api.chains.list()).find((one) => one.name === name) : undefined;
        const saved = before ? await client.api.chains.change({ id: before.id, chain }) : await client.api.chains.save({ name, chain });
        terminal.answer(saved, () => [`${before ? 'Replaced' : 'Saved'}. ${howToRun(saved.name)}`]);
        return 0;
      }),
    );
}

function nameOf(word: string | undefined): string {
  const parsed = SavedChainName.safeParse(word);
  if (parsed.success) return parsed.data;
  throw new AtelierError('invalid-input', `The name cannot be kept: ${parsed.error.issues[0]?.message}.`);
}

/** A chain that is called as a task is cannot be run by its name. */
const howToRun = (name: string) =>
  isChain(name) ? `"atelier run ${name}" runs the task of that name instead; rename this chain to run it.` : `Run it: atelier run "${name}"`;

function showCommand(): Command {
  return studioCommand('show')
    .description('Shows a saved chain as a chain file, which another person can run or save.')
    .argument('<name>')
    .action(
      withStudio(async ({ client, terminal }, _flags, [name]) => {
        const saved = await savedChain(client, name as string);
        terminal.answer(saved, () => formatChain(saved.chain).trimEnd().split('\n'));
        return 0;
      }),
    );
}

function renameCommand(): Command {
  return studioCommand('rename')
    .description('Gives a saved chain another name.')
    .argument('<name>')
    .argument('<new name>')
    .action(
      withStudio(async ({ client, terminal }, _flags, [name, next]) => {
        const { id } = await savedChain(client, name as string);
        const renamed = await client.api.chains.change({ id, name: nameOf(next) });
        terminal.answer(renamed, () => [`It is "${renamed.name}" now. ${howToRun(renamed.name)}`]);
        return 0;
      }),
    );
}

function removeCommand(): Command {
  return studioCommand('rm')
    .description('Deletes a saved chain. Runs that were made with it stay.')
    .argument('<name>')
    .action(
      withStudio(async ({ client, terminal }, _flags, [name]) => {
        const { id } = await savedChain(client, name as string);
        const removed = await client.api.chains.remove({ id });
        terminal.answer(removed, () => [`Deleted "${removed.name}".`]);
        return 0;
      }),
    );
}
