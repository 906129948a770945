import { AtelierError, limits, type ModelAlias } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { asc, count, eq } from 'drizzle-orm';
import type { Core } from '../../core/index.ts';
import { anyModel } from './model-names.ts';

const { modelAliases } = schema;

/** Names of other studios' models that the owner maps to models here, by name. */
export async function listAliases({ db }: Database): Promise<ModelAlias[]> {
  return db.select({ name: modelAliases.name, modelId: modelAliases.modelId }).from(modelAliases).orderBy(asc(modelAliases.name));
}

/** @throws AtelierError `unknown-model` for a target that nobody knows, `conflict` for a name that is a model's own, `too-large` */
export async function setAlias({ core, database }: { core: Core; database: Database }, alias: ModelAlias): Promise<ModelAlias> {
  const known = (await core.edges.models()).map(({ manifest }) => manifest.id as string);
  const offered = (await core.edges.list()).flatMap(({ models }) => models.map(({ manifest }) => manifest.id as string));
  const all = [...anyModel, ...known, ...offered];
  if (all.includes(alias.name)) throw new AtelierError('conflict', `"${alias.name}" is the name of a model itself.`, { hint: 'Choose another name.' });
  if (!all.includes(alias.modelId)) {
    throw new AtelierError('unknown-model', `The model "${alias.modelId}" does not exist here.`, {
      hint: 'Look at: atelier models list. "auto" lets Atelier choose.',
    });
  }
  const [row] = await database.db.select({ all: count() }).from(modelAliases);
  if ((row?.all ?? 0) >= limits.modelAliases)
    throw new AtelierError('too-large', `There are ${row?.all} aliases, which is the most.`, { hint: 'Remove some first.' });
  await database.db
    .insert(modelAliases)
    .values(alias)
    .onConflictDoUpdate({ target: modelAliases.name, set: { modelId: alias.modelId } });
  return alias;
}

/** @throws AtelierError `not-found` */
export async function removeAlias({ db }: Database, name: string): Promise<{ name: string }> {
  const [gone] = await db.delete(modelAliases).where(eq(modelAliases.name, name)).returning({ name: modelAliases.name });
  if (gone) return gone;
  throw new AtelierError('not-found', `There is no alias "${name}".`, { hint: 'Look at: atelier models alias.' });
}
