import { AtelierError, type ModelAlias } from '@atelier/protocol';
import type { Command } from 'commander';
import type { StudioOptions } from '../studio.ts';
import { type Session, studioCommand, withStudio } from './studio-command.ts';

interface AliasFlags extends StudioOptions {
  readonly remove?: boolean;
}

/** Names by which programs written for OpenAI's API call models. */
export function aliasCommand(): Command {
  return studioCommand('alias')
    .description("Lists the names that programs written for OpenAI's API use for models here, maps one, or takes one away.")
    .argument('[name]', 'such as gpt-4o or whisper-1')
    .argument('[model]', 'the model that it means; "auto" lets Atelier choose')
    .option('--remove', 'take the name away')
    .action(withStudio<AliasFlags>((session, flags, words) => run(session, flags, words)));
}

async function run(session: Session, { remove }: AliasFlags, [name, modelId]: string[]): Promise<0> {
  const { client, terminal } = session;
  if (name === undefined) return list(session);
  if (remove) {
    if (modelId !== undefined) throw new AtelierError('invalid-input', '--remove takes a name alone.');
    const removed = await client.api.modelAliases.remove({ name });
    terminal.answer(removed, () => [`${name} is unknown now.`]);
    return 0;
  }
  if (modelId === undefined) throw new AtelierError('invalid-input', `Which model is "${name}"?`, { hint: `atelier models alias ${name} MODEL` });
  const alias = await client.api.modelAliases.set({ name, modelId });
  terminal.answer(alias, () => [`${name} means ${modelId} now.`]);
  return 0;
}

async function list({ client, terminal }: Session): Promise<0> {
  const aliases = await client.api.modelAliases.list();
  const columns = [
    { title: 'name', value: (alias: ModelAlias) => alias.name },
    { title: 'model', value: (alias: ModelAlias) => alias.modelId },
  ];
  terminal.answer(aliases, () => (aliases.length === 0 ? ['No aliases. Map a name: atelier models alias gpt-4o MODEL'] : terminal.table(aliases, columns)));
  return 0;
}
