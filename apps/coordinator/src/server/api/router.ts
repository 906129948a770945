import { AtelierError, contract, listTasks, taskView } from '@atelier/protocol';
import { schema } from '@atelier/store';
import { implement } from '@orpc/server';
import { desc, eq } from 'drizzle-orm';
import { revokeToken } from '../identity/authenticate.ts';
import type { Person } from '../identity/caller.ts';
import { makeSingleUse } from '../identity/single-use.ts';
import type { Services } from '../services.ts';

const { apikey } = schema;

/** What a procedure is told of its request. The gate of its policy was passed before. */
export interface ApiContext {
  readonly person: Person;
  readonly headers: Headers;
}

/** The procedures of the contract over the core. */
export function createApiRouter(services: Services) {
  const { core } = services;
  const os = implement(contract).$context<ApiContext>();
  return os.router({
    tasks: os.tasks.handler(() => listTasks().map(taskView)),
    examples: os.examples.handler(() => services.examples.list()),
    plan: os.plan.handler(({ input, context }) => core.plan(context.person, input)),
    runs: runProcedures(os, services),
    queue: os.queue.handler(({ context }) => core.queue(context.person)),
    gallery: galleryProcedures(os, services),
    uploads: { get: os.uploads.get.handler(({ input, context }) => services.uploads.result(context.person, input.id)) },
    edges: edgeProcedures(os, services),
    models: os.models.handler(() => core.models()),
    doctor: os.doctor.handler(() => services.doctor()),
    me: os.me.handler(({ context: { person } }) => ({ id: person.id, name: person.name, email: person.email, role: person.role })),
    tokens: tokenProcedures(os, services),
  });
}

function galleryProcedures(os: Implementer, { core: { gallery } }: Services) {
  return {
    list: os.gallery.list.handler(({ input, context }) => gallery.list(context.person, input)),
    get: os.gallery.get.handler(({ input, context }) => gallery.get(context.person, input.id)),
    recipe: os.gallery.recipe.handler(({ input, context }) => gallery.recipe(context.person, input.id)),
    change: os.gallery.change.handler(({ input: { id, ...change }, context }) => gallery.change(context.person, id, change)),
    remove: os.gallery.remove.handler(async ({ input, context }) => ({ ids: await gallery.remove(context.person, input.ids) })),
    restore: os.gallery.restore.handler(async ({ input, context }) => ({ ids: await gallery.restore(context.person, input.ids) })),
    byHash: os.gallery.byHash.handler(({ input, context }) => gallery.byHash(context.person, input.hash)),
    public: os.gallery.public.handler(({ input }) => gallery.listPublic(input)),
  };
}

type Implementer = ReturnType<typeof implementer>;
const implementer = () => implement(contract).$context<ApiContext>();

function runProcedures(os: Implementer, { core }: Services) {
  return {
    create: os.runs.create.handler(({ input, context }) => core.createRun(context.person, input, { idempotencyKey: idempotencyKey(context.headers) })),
    list: os.runs.list.handler(({ input, context }) => core.listRuns(context.person, input)),
    get: os.runs.get.handler(({ input, context }) => core.getRun(context.person, input.id)),
    events: os.runs.events.handler(async ({ input, context, signal }) => {
      // Asked here, so that a run which may not be seen answers 404 and not a stream that fails.
      await core.getRun(context.person, input.id);
      return asGenerator(core.watchRun(context.person, input.id, signal ?? new AbortController().signal));
    }),
    cancel: os.runs.cancel.handler(({ input, context }) => core.cancelRun(context.person, input.id)),
    pause: os.runs.pause.handler(({ input, context }) => core.pauseRun(context.person, input.id)),
    resume: os.runs.resume.handler(({ input, context }) => core.resumeRun(context.person, input.id)),
    continue: os.runs.continue.handler(({ input, context }) => core.continueRun(context.person, input.id)),
    again: os.runs.again.handler(({ input, context }) => core.runAgain(context.person, input)),
  };
}

async function* asGenerator<T>(source: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield* source;
}

/** RFC draft "The Idempotency-Key HTTP Header Field": an opaque text chosen by the client. */
function idempotencyKey(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key') ?? undefined;
  if (key === undefined || (key.length > 0 && key.length <= 200)) return key;
  throw new AtelierError('invalid-input', 'An Idempotency-Key has 1 to 200 characters.', { hint: 'Use a UUID.' });
}

function edgeProcedures(os: Implementer, { core, database, sockets, url }: Services) {
  return {
    list: os.edges.list.handler(() => core.listEdges()),
    links: os.edges.links.handler(() => core.links()),
    drain: os.edges.drain.handler(({ input }) => core.drainEdge(input.id, input.on)),
    revoke: os.edges.revoke.handler(async ({ input }) => {
      const view = await core.revokeEdge(input.id);
      sockets.revoke(input.id);
      return view;
    }),
    pullModel: os.edges.pullModel.handler(({ input }) => core.pullModel(input.id, input.modelId)),
    removeModel: os.edges.removeModel.handler(({ input }) => core.removeModel(input.id, input.modelId)),
    joinToken: os.edges.joinToken.handler(async ({ input, context }) => {
      const { token, expiresAt } = await makeSingleUse(database.db, 'join-edge', { minutes: input.minutes, createdBy: context.person.id });
      const reached = dialledUrl(context.headers, url);
      return { token, expiresAt: expiresAt.toISOString(), command: `npx atelier edge --join ${reached} --token ${token}` };
    }),
  };
}

/** The address under which the caller reached us, which its other machines will probably reach too. The host was checked before. */
function dialledUrl(headers: Headers, url: string): string {
  const host = headers.get('host');
  return headers.get('origin') ?? (host ? `http://${host}` : url);
}

function tokenProcedures(os: Implementer, { accounts, database }: Services) {
  return {
    list: os.tokens.list.handler(async ({ context }) => {
      const rows = await database.db.select().from(apikey).where(eq(apikey.referenceId, context.person.id)).orderBy(desc(apikey.createdAt));
      return rows.map(tokenView);
    }),
    create: os.tokens.create.handler(async ({ input, context }) => {
      const expiresIn = input.days === undefined ? undefined : input.days * 86_400;
      const made = await accounts.api.createApiKey({ body: { userId: context.person.id, name: input.name, ...(expiresIn ? { expiresIn } : {}) } });
      return { ...tokenView({ ...made, lastRequest: null }), token: made.key };
    }),
    revoke: os.tokens.revoke.handler(async ({ input, context }) => {
      await revokeToken(database, context.person.id, input.id);
      return { id: input.id };
    }),
  };
}

type TokenRow = Pick<typeof apikey.$inferSelect, 'id' | 'name' | 'start' | 'createdAt' | 'lastRequest' | 'expiresAt'>;

function tokenView(row: TokenRow) {
  return {
    id: row.id,
    name: row.name ?? '',
    start: row.start,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastRequest?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
  };
}
