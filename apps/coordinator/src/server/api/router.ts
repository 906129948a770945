import { AtelierError, listTasks, taskView } from '@atelier/protocol';
import { listAliases, removeAlias, setAlias } from '../compatible/model-aliases.ts';
import { makeSingleUse, singleUseState } from '../identity/single-use.ts';
import type { Services } from '../services.ts';
import { type Implementer, implementer } from './implementer.ts';
import { peopleProcedures, reachedAt } from './people-procedures.ts';

/** The procedures of the contract over the core. */
export function createApiRouter(services: Services) {
  const { core } = services;
  const os = implementer();
  return os.router({
    tasks: os.tasks.handler(() => listTasks().map(taskView)),
    examples: os.examples.handler(() => services.examples.list()),
    plan: os.plan.handler(({ input, context }) => core.runs.plan(context.person, input)),
    chains: chainProcedures(os, services),
    runs: runProcedures(os, services),
    queue: os.queue.handler(({ context }) => core.runs.queue(context.person)),
    gallery: galleryProcedures(os, services),
    uploads: { get: os.uploads.get.handler(({ input, context }) => services.uploads.result(context.person, input.id)) },
    edges: edgeProcedures(os, services),
    services: serviceProcedures(os, services),
    doubleChecks: {
      get: os.doubleChecks.get.handler(() => core.doubleChecks.view()),
      set: os.doubleChecks.set.handler(({ input }) => core.doubleChecks.set(input.percent)),
      dismiss: os.doubleChecks.dismiss.handler(({ input }) => core.doubleChecks.dismiss(input.id)),
    },
    models: os.models.handler(() => core.edges.models()),
    doctor: os.doctor.handler(() => services.doctor()),
    modelAliases: {
      list: os.modelAliases.list.handler(() => listAliases(services.database)),
      set: os.modelAliases.set.handler(({ input }) => setAlias(services, input)),
      remove: os.modelAliases.remove.handler(({ input }) => removeAlias(services.database, input.name)),
    },
    me: os.me.handler(({ context: { person } }) => ({ id: person.id, name: person.name, email: person.email, role: person.role })),
    usage: os.usage.handler(({ context }) => services.uploads.usage(context.person)),
    ...peopleProcedures(os, services),
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

function chainProcedures(os: Implementer, { core: { chains } }: Services) {
  return {
    list: os.chains.list.handler(({ context }) => chains.list(context.person)),
    get: os.chains.get.handler(({ input, context }) => chains.get(context.person, input.id)),
    save: os.chains.save.handler(({ input, context }) => chains.save(context.person, input)),
    change: os.chains.change.handler(({ input: { id, ...change }, context }) => chains.change(context.person, id, change)),
    remove: os.chains.remove.handler(({ input, context }) => chains.remove(context.person, input.id)),
  };
}

function runProcedures(os: Implementer, { core, watchers }: Services) {
  return {
    create: os.runs.create.handler(({ input, context }) => core.runs.create(context.person, input, { idempotencyKey: idempotencyKey(context.headers) })),
    list: os.runs.list.handler(({ input, context }) => core.runs.list(context.person, input)),
    get: os.runs.get.handler(({ input, context }) => core.runs.get(context.person, input.id)),
    events: os.runs.events.handler(async ({ input, context, signal }) => {
      // Asked here, so that a run which may not be seen answers 404 and not a stream that fails.
      await core.runs.get(context.person, input.id);
      const leave = watchers.enter(context.person.id);
      const ended = signal ?? new AbortController().signal;
      ended.addEventListener('abort', leave, { once: true });
      if (ended.aborted) leave();
      return watched(core.runs.watch(context.person, input.id, ended), leave);
    }),
    cancel: os.runs.cancel.handler(({ input, context }) => core.runs.cancel(context.person, input.id)),
    pause: os.runs.pause.handler(({ input, context }) => core.runs.pause(context.person, input.id)),
    resume: os.runs.resume.handler(({ input, context }) => core.runs.resume(context.person, input.id)),
    continue: os.runs.continue.handler(({ input, context }) => core.runs.continue(context.person, input.id)),
    control: os.runs.control.handler(({ input, context }) => core.runs.control(context.person, input)),
    move: os.runs.move.handler(({ input, context }) => core.runs.move(context.person, input)),
    again: os.runs.again.handler(({ input, context }) => core.runs.again(context.person, input, { idempotencyKey: idempotencyKey(context.headers) })),
  };
}

async function* watched<T>(source: AsyncIterable<T>, leave: () => void): AsyncGenerator<T, void, void> {
  try {
    yield* source;
  } finally {
    leave();
  }
}

/** RFC draft "The Idempotency-Key HTTP Header Field": an opaque text chosen by the client. */
function idempotencyKey(headers: Headers): string | undefined {
  const key = headers.get('idempotency-key') ?? undefined;
  if (key === undefined || (key.length > 0 && key.length <= 200)) return key;
  throw new AtelierError('invalid-input', 'An Idempotency-Key has 1 to 200 characters.', { hint: 'Use a UUID.' });
}

function edgeProcedures(os: Implementer, services: Services) {
  const { core, database } = services;
  return {
    list: os.edges.list.handler(() => core.edges.list()),
    links: os.edges.links.handler(() => core.edges.links()),
    drain: os.edges.drain.handler(({ input }) => core.edges.drain(input.id, input.on)),
    confirmAddress: os.edges.confirmAddress.handler(({ input }) => core.edges.confirmAddress(input.id, input.url)),
    revoke: os.edges.revoke.handler(({ input }) => core.edges.revoke(input.id)),
    pullModel: os.edges.pullModel.handler(({ input }) => core.edges.pullModel(input.id, input.modelId)),
    removeModel: os.edges.removeModel.handler(({ input }) => core.edges.removeModel(input.id, input.modelId)),
    joinToken: os.edges.joinToken.handler(async ({ input, context }) => {
      const { token, expiresAt } = await makeSingleUse(database.db, 'join-edge', { minutes: input.minutes, createdBy: context.person.id });
      const address = reachedAt(services, context.headers);
      const command = `npx atelier edge --join ${address.url} --token ${token}`;
      return { token, expiresAt: expiresAt.toISOString(), command, reach: address.reach, otherAddresses: [...address.others] };
    }),
    joinTokenState: os.edges.joinTokenState.handler(async ({ input }) => {
      const { state, usedFor } = await singleUseState(database.db, 'join-edge', input.token);
      return { state, edgeName: usedFor };
    }),
  };
}

function serviceProcedures(os: Implementer, { core }: Services) {
  return {
    kinds: os.services.kinds.handler(() => core.services.kinds()),
    start: os.services.start.handler(({ input, context }) => core.services.start(context.person, input)),
    list: os.services.list.handler(({ input, context }) => core.services.list(context.person, input)),
    get: os.services.get.handler(({ input, context }) => core.services.get(context.person, input.id)),
    stop: os.services.stop.handler(({ input, context }) => core.services.stop(context.person, input.id)),
    log: os.services.log.handler(({ input, context }) => core.services.log(context.person, input.id)),
  };
}
