import { AtelierError } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { eq } from 'drizzle-orm';
import type { Core } from '../../core/index.ts';

/** Words for `model` that leave the choice to the planner. */
export const anyModel = ['auto', 'atelier'];

interface Known {
  readonly core: Core;
  readonly database: Database;
}

/** Ids of the models that some connected edge has ready. */
export async function offeredModels(core: Core): Promise<string[]> {
  const edges = (await core.edges.list()).filter((edge) => edge.state === 'online' || edge.state === 'draining');
  const ready = edges.flatMap((edge) => edge.models.filter((model) => model.state === 'ready').map((model) => model.manifest.id));
  return [...new Set(ready)].sort();
}

/**
 * The model that a program means: itself, or what the owner mapped its name to. Undefined leaves the choice to the planner.
 * One of the catalogue that no edge has ready is for the planner to explain.
 * @throws AtelierError `unknown-model` with the names that there are
 */
export async function resolveModel({ core, database }: Known, name: string | undefined): Promise<string | undefined> {
  if (name === undefined || anyModel.includes(name)) return undefined;
  const offered = await offeredModels(core);
  const catalogue = (await core.edges.models()).map((entry) => entry.manifest.id);
  if (offered.includes(name) || catalogue.includes(name as never)) return name;
  const { modelAliases } = schema;
  const [alias] = await database.db.select().from(modelAliases).where(eq(modelAliases.name, name));
  if (alias) return anyModel.includes(alias.modelId) ? undefined : alias.modelId;
  throw new AtelierError('unknown-model', `The model "${name}" does not exist here. There are: ${['auto', ...offered].join(', ')}.`, {
    hint: `Name one of these; or the owner maps the name: atelier models alias ${/^[\w.:/-]+$/.test(name) ? name : 'NAME'} MODEL.`,
  });
}
