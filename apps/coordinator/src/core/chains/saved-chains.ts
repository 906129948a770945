import { OneAtATime } from '@atelier/background';
import {
  AtelierError,
  type Chain,
  checkTexts,
  limits,
  newId,
  parseChainText,
  type ResolvedChain,
  resolveChain,
  type SavedChain,
  type SavedChainId,
  type SavedChainSummary,
} from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { and, count, eq, sql } from 'drizzle-orm';
import type { Viewer } from '../contracts/index.ts';

const { savedChains } = schema;

/** A chain with the name under which it is kept. */
export interface NamedChain {
  readonly name: string;
  readonly chain: string | Chain;
}

/**
 * Chains that people keep by name. Each is its maker's alone, also before an owner: what is to be shared is shown and sent as a file.
 * All but `list` and `save` throw AtelierError `not-found` for what is not the viewer's.
 */
export interface SavedChains {
  /** By name. */
  list(viewer: Viewer): Promise<SavedChainSummary[]>;
  get(viewer: Viewer, id: SavedChainId): Promise<SavedChain>;
  /** @throws AtelierError of `resolveChain`; `conflict` if the name is taken; `too-large` over limits.savedChainsPerPerson or limits.chainBytes */
  save(viewer: Viewer, given: NamedChain): Promise<SavedChain>;
  /** Another name, another chain under the same name, or both. @throws AtelierError as `save` */
  change(viewer: Viewer, id: SavedChainId, given: Partial<NamedChain>): Promise<SavedChain>;
  /** @returns what was deleted, so that it can be saved again */
  remove(viewer: Viewer, id: SavedChainId): Promise<SavedChain>;
}

export function createSavedChains({ db }: Database): SavedChains {
  /** Those of one person are saved one after the other, so that their number is known. */
  const saving = new OneAtATime();
  const own = (viewer: Viewer, id: SavedChainId) => and(eq(savedChains.id, id), eq(savedChains.userId, viewer.id));
  return {
    async list(viewer) {
      const { id, name, changedAt } = savedChains;
      // All chains of a person together may be large; their tasks are not.
      const tasks = sql<string[]>`jsonb_path_query_array(${savedChains.chain}, '$.steps[*].task')`;
      const rows = await db
        .select({ id, name, changedAt, tasks })
        .from(savedChains)
        .where(eq(savedChains.userId, viewer.id))
        .orderBy(sql`lower(${name})`, name);
      return rows.map((row) => ({ ...row, changedAt: row.changedAt.toISOString() }));
    },
    get: async (viewer, id) => viewOf((await db.select().from(savedChains).where(own(viewer, id)))[0]),
    async save(viewer, { name, chain }) {
      const row = { id: newId<SavedChainId>(), userId: viewer.id, name, chain: keptChain(chain, name) };
      return named(name, () =>
        saving.run(viewer.id, async () => {
          const [now] = await db.select({ all: count() }).from(savedChains).where(eq(savedChains.userId, viewer.id));
          if ((now?.all ?? 0) >= limits.savedChainsPerPerson) throw tooMany();
          return viewOf((await db.insert(savedChains).values(row).returning())[0]);
        }),
      );
    },
    async change(viewer, id, { name, chain }) {
      const set = {
        changedAt: new Date(),
        ...(name === undefined ? {} : { name, chain: sql`jsonb_set(${savedChains.chain}, '{name}', to_jsonb(${name}::text))` }),
      };
      const kept = chain === undefined ? {} : { chain: keptChain(chain, name ?? (await this.get(viewer, id)).name) };
      return named(name ?? '', async () =>
        viewOf(
          (
            await db
              .update(savedChains)
              .set({ ...set, ...kept })
              .where(own(viewer, id))
              .returning()
          )[0],
        ),
      );
    },
    remove: async (viewer, id) => viewOf((await db.delete(savedChains).where(own(viewer, id)).returning())[0]),
  };
}

/** As it is kept: resolved, so that it means the same whatever is added to tasks later, and under its own name. */
function keptChain(given: string | Chain, name: string): ResolvedChain {
  const chain = { ...resolveChain(typeof given === 'string' ? parseChainText(given) : given), name };
  checkTexts(chain);
  const bytes = Buffer.byteLength(JSON.stringify(chain));
  if (bytes <= limits.chainBytes) return chain;
  throw new AtelierError('too-large', `The chain has ${bytes} bytes; ${limits.chainBytes} can be saved.`, {
    hint: 'Give long texts as inputs, not in the chain.',
  });
}

const tooMany = () => new AtelierError('too-large', `You have ${limits.savedChainsPerPerson} saved chains, which is the most.`, { hint: 'Delete some first.' });

/** Does what may meet a name that is taken. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (codeOf(thrown) !== '23505') throw thrown;
    throw new AtelierError('conflict', `You have a saved chain "${name}" already.`, { hint: 'Choose another name, or save over that one.', cause: thrown });
  }
}

/** PostgreSQL's code, which Drizzle wraps: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codeOf = (thrown: unknown): unknown => (thrown as { code?: unknown; cause?: { code?: unknown } }).cause?.code ?? (thrown as { code?: unknown }).code;

type Row = typeof savedChains.$inferSelect;

const summaryOf = ({ id, name, chain, changedAt }: Row): SavedChainSummary => ({
  id,
  name,
  tasks: chain.steps.map((step) => step.task),
  changedAt: changedAt.toISOString(),
});

function viewOf(row: Row | undefined): SavedChain {
  if (row) return { ...summaryOf(row), chain: row.chain };
  throw new AtelierError('not-found', 'There is no such saved chain.', { hint: 'List yours with: atelier chain list.' });
}
