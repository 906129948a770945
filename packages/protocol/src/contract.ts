import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { DoubleChecksView, EdgeView, ExampleView, Finding, LinkView, ModelAlias, ModelView, QueueView, TaskView, UploadView, UsageView } from './api-views.ts';
import { Chain } from './chain.ts';
import { ControlView, NewControl, RecordedControls } from './control.ts';
import { TransferUrl } from './edge-messages.ts';
import { GalleryDetail, GalleryItem, GalleryPage, GalleryQuery, PublicPage, Visibility } from './gallery.ts';
import { ArtifactHash, EdgeId, ModelId, OutputId, RunId, SavedChainId, ServiceId, StepName } from './ids.ts';
import { limits } from './limits.ts';
import { MoveRun } from './line.ts';
import { Email, Password, PersonView } from './people.ts';
import { peopleContract } from './people-contract.ts';
import { PlanSet } from './plan.ts';
import { RecipeDocument } from './recipe.ts';
import { route } from './route.ts';
import { RunEvent, RunState, RunSummary, RunView } from './run.ts';
import { SavedChain, SavedChainName, SavedChainSummary } from './saved-chain.ts';
import { NewService, ServiceKindView, ServiceLog, ServiceQuery, ServiceView } from './services/index.ts';

/** A chain as an object, or as text in one of the short forms. */
const ChainOrText = z.union([z.string().min(1).max(limits.chainBytes), Chain]);

/** A text, or bytes that were uploaded or made before and that the caller may read. */
const InputValue = z.union([z.object({ text: z.string().max(limits.textBytes) }).strict(), z.object({ outputId: OutputId }).strict()]);

/** Parameters by `step.parameter`; a bare parameter's name means every step that has it. */
const Settings = z.record(z.string(), z.unknown());

export const PlanRequest = z.object({
  chain: ChainOrText,
  /** What is given already, as in a new run: the length of a recording and the size of an image tell how long a step takes. */
  inputs: z.record(z.string(), InputValue).default({}),
  /** Bytes of the other inputs where they are known, for the transfer times. */
  inputBytes: z.record(z.string(), z.number().int().nonnegative()).default({}),
  set: Settings.default({}),
  count: z.number().int().min(1).max(20).default(3),
});

export const NewRun = z.object({
  chain: ChainOrText,
  name: z.string().max(200).optional(),
  /** By name. A chain with one input also takes it under the name `input`. */
  inputs: z.record(z.string(), InputValue).default({}),
  set: Settings.default({}),
  /** Runs of higher priority start first. */
  priority: z.number().int().min(-100).max(100).default(0),
  /** Compute everything, whatever the result cache knows. */
  fresh: z.boolean().default(false),
  /** Controls that steps follow at these positions, as a recipe has them. */
  controls: RecordedControls.optional(),
});

export const Again = z.object({
  id: RunId,
  /** `same` keeps every seed, `new` draws new ones for the steps that run again. */
  seed: z.enum(['same', 'new']).default('same'),
  /** Steps that do not come after this one are taken over with their results. */
  fromStep: z.string().optional(),
  set: Settings.default({}),
  fresh: z.boolean().default(false),
});

export const Page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: RunId.optional(),
  state: RunState.optional(),
  /** Only runs that have a step of this task. */
  task: z.string().max(100).optional(),
});

export type PlanRequest = z.infer<typeof PlanRequest>;
export type NewRun = z.infer<typeof NewRun>;
export type Again = z.infer<typeof Again>;
export type Page = z.infer<typeof Page>;

export const SteerStep = NewControl.extend({ id: RunId, stepId: StepName });
export type SteerStep = z.infer<typeof SteerStep>;

const RunById = z.object({ id: RunId });
const ServiceById = z.object({ id: ServiceId });
const ChainById = z.object({ id: SavedChainId });
const OutputById = z.object({ id: OutputId });
const Some = z.object({ ids: z.array(OutputId).min(1).max(500) });
/** Those that it was done to; what is not there, or another's, is left out. */
const Changed = z.object({ ids: z.array(OutputId) });

export const contract = {
  tasks: route('member', 'Tasks').route({ method: 'GET', path: '/tasks', summary: 'All tasks, with ports and parameters' }).output(z.array(TaskView)),
  examples: route('member', 'Tasks')
    .route({ method: 'GET', path: '/examples', summary: 'Chains that run at once on the starter models' })
    .output(z.array(ExampleView)),
  plan: route('member', 'Chains')
    .route({ method: 'POST', path: '/plans', summary: 'Predict the best model and edge for every step' })
    .input(PlanRequest)
    .output(PlanSet),
  chains: {
    list: route('member', 'Chains').route({ method: 'GET', path: '/chains', summary: "The caller's saved chains, by name" }).output(z.array(SavedChainSummary)),
    get: route('member', 'Chains').route({ method: 'GET', path: '/chains/{id}', summary: 'One saved chain' }).input(ChainById).output(SavedChain),
    save: route('member', 'Chains')
      .route({ method: 'POST', path: '/chains', successStatus: 201, summary: 'Save a chain under a name that is free' })
      .input(z.object({ name: SavedChainName, chain: ChainOrText }))
      .output(SavedChain),
    change: route('member', 'Chains')
      .route({ method: 'PATCH', path: '/chains/{id}', summary: 'Rename a saved chain, or put another in its place' })
      .input(ChainById.extend({ name: SavedChainName.optional(), chain: ChainOrText.optional() }))
      .output(SavedChain),
    remove: route('member', 'Chains')
      .route({ method: 'DELETE', path: '/chains/{id}', summary: 'Delete a saved chain; it is answered with, so that it can be saved again' })
      .input(ChainById)
      .output(SavedChain),
  },
  runs: {
    create: route('member', 'Runs')
      .route({
        method: 'POST',
        path: '/runs',
        successStatus: 201,
        summary: 'Plan and run a chain. With an Idempotency-Key header, the same key gives the same run',
      })
      .input(NewRun)
      .output(RunView),
    list: route('member', 'Runs').route({ method: 'GET', path: '/runs', summary: 'Runs, newest first' }).input(Page).output(z.array(RunSummary)),
    get: route('member', 'Runs').route({ method: 'GET', path: '/runs/{id}', summary: 'One run' }).input(RunById).output(RunView),
    events: route('member', 'Runs')
      .route({ method: 'GET', path: '/runs/{id}/events', summary: 'Watch a run as server-sent events; opens with a snapshot' })
      .input(RunById)
      .output(eventIterator(RunEvent)),
    cancel: route('member', 'Runs')
      .route({ method: 'POST', path: '/runs/{id}/cancel', summary: 'Stop a run; what it made is kept' })
      .input(RunById)
      .output(RunView),
    pause: route('member', 'Runs').route({ method: 'POST', path: '/runs/{id}/pause', summary: 'Start no further steps' }).input(RunById).output(RunView),
    resume: route('member', 'Runs').route({ method: 'POST', path: '/runs/{id}/resume', summary: 'Go on after a pause' }).input(RunById).output(RunView),
    continue: route('member', 'Runs')
      .route({ method: 'POST', path: '/runs/{id}/continue', summary: 'Try the failed steps of a failed run again' })
      .input(RunById)
      .output(RunView),
    control: route('member', 'Runs')
      .route({
        method: 'PATCH',
        path: '/runs/{id}/steps/{stepId}/control',
        summary: 'Tell a running step something that its task takes. With a number, the same request can be sent again',
      })
      .input(SteerStep)
      .output(ControlView),
    move: route('member', 'Runs')
      .route({ method: 'POST', path: '/runs/{id}/move', summary: 'Put an open run before another of the same person and priority, or to their end' })
      .input(MoveRun)
      .output(QueueView),
    again: route('member', 'Runs')
      .route({
        method: 'POST',
        path: '/runs/{id}/again',
        successStatus: 201,
        summary: 'Run again, whole or from a step, with the same or new seeds and changed parameters. Takes an Idempotency-Key as well',
      })
      .input(Again)
      .output(RunView),
  },
  queue: route('member', 'Runs').route({ method: 'GET', path: '/queue', summary: 'What runs and waits' }).output(QueueView),
  gallery: {
    list: route('member', 'Gallery')
      .route({ method: 'GET', path: '/gallery', summary: 'Everything that was made, newest first' })
      .input(GalleryQuery)
      .output(GalleryPage),
    get: route('member', 'Gallery')
      .route({ method: 'GET', path: '/gallery/{id}', summary: 'One item, its recipe, what it came from and what came of it' })
      .input(OutputById)
      .output(GalleryDetail),
    recipe: route('member', 'Gallery')
      .route({ method: 'GET', path: '/outputs/{id}/recipe', summary: 'How an output was made, complete enough to make it again' })
      .input(OutputById)
      .output(RecipeDocument),
    change: route('member', 'Gallery')
      .route({ method: 'PATCH', path: '/gallery/{id}', summary: 'Star an item, or make it public or private' })
      .input(OutputById.extend({ starred: z.boolean().optional(), visibility: Visibility.optional() }))
      .output(GalleryItem),
    remove: route('member', 'Gallery')
      .route({ method: 'POST', path: '/gallery/remove', summary: 'Delete items; they can be brought back for some days' })
      .input(Some)
      .output(Changed),
    restore: route('member', 'Gallery').route({ method: 'POST', path: '/gallery/restore', summary: 'Bring deleted items back' }).input(Some).output(Changed),
    byHash: route('member', 'Gallery')
      .route({ method: 'GET', path: '/gallery/by-hash/{hash}', summary: "The caller's own output that has these bytes, for inputs of a recipe" })
      .input(z.object({ hash: ArtifactHash }))
      .output(GalleryItem),
    public: route('public', 'Gallery')
      .route({ method: 'GET', path: '/public/gallery', summary: 'What was made public, newest first; needs no sign-in' })
      .input(z.object({ before: OutputId.optional(), limit: z.coerce.number().int().min(1).max(100).default(60), search: z.string().max(200).optional() }))
      .output(PublicPage),
  },
  uploads: {
    get: route('member', 'Uploads')
      .route({ method: 'GET', path: '/uploads/{id}/result', summary: 'The artifact that a finished tus upload became' })
      .input(z.object({ id: z.string().max(200) }))
      .output(UploadView),
  },
  edges: {
    list: route('member', 'Fleet').route({ method: 'GET', path: '/edges', summary: 'All edges' }).output(z.array(EdgeView)),
    links: route('member', 'Fleet').route({ method: 'GET', path: '/links', summary: 'Measured links between edges' }).output(z.array(LinkView)),
    drain: route('owner', 'Fleet')
      .route({ method: 'POST', path: '/edges/{id}/drain', summary: 'Let an edge finish and take no more; on: false takes it back' })
      .input(z.object({ id: EdgeId, on: z.boolean().default(true) }))
      .output(EdgeView),
    confirmAddress: route('owner', 'Fleet')
      .route({
        method: 'POST',
        path: '/edges/{id}/transfer-address',
        summary: 'Confirm the address at which other edges fetch from an edge; null takes it back',
      })
      .input(z.object({ id: EdgeId, url: TransferUrl.nullable() }))
      .output(EdgeView),
    revoke: route('owner', 'Fleet')
      .route({ method: 'DELETE', path: '/edges/{id}', summary: 'Revoke an edge for good' })
      .input(z.object({ id: EdgeId }))
      .output(EdgeView),
    pullModel: route('owner', 'Fleet')
      .route({ method: 'POST', path: '/edges/{id}/models', summary: 'Pull a model of the catalogue onto an edge' })
      .input(z.object({ id: EdgeId, modelId: ModelId }))
      .output(EdgeView),
    removeModel: route('owner', 'Fleet')
      .route({ method: 'DELETE', path: '/edges/{id}/models/{modelId}', summary: 'Remove a model from an edge' })
      .input(z.object({ id: EdgeId, modelId: ModelId }))
      .output(EdgeView),
    joinToken: route('owner', 'Fleet')
      .route({ method: 'POST', path: '/join-tokens', successStatus: 201, summary: 'A token with which one edge may join, once' })
      .input(z.object({ minutes: z.number().int().min(1).max(1440).default(60) }))
      .output(
        z.object({
          token: z.string(),
          expiresAt: z.iso.datetime(),
          command: z.string(),
          /** `this-machine` if the studio listens for its own machine alone. */
          reach: z.enum(['network', 'this-machine']),
          /** Further addresses of the studio, where the one in the command is not in the other machine's network. */
          otherAddresses: z.array(z.string()),
        }),
      ),
    joinTokenState: route('owner', 'Fleet')
      .route({ method: 'POST', path: '/join-tokens/state', summary: 'Whether a join token still works' })
      .input(z.object({ token: z.string().min(1).max(200) }))
      .output(z.object({ state: z.enum(['open', 'used', 'expired']), edgeName: z.string().nullable() })),
  },
  services: {
    kinds: route('member', 'Services')
      .route({ method: 'GET', path: '/service-kinds', summary: 'Kinds of services, and the edges that can run each' })
      .output(z.array(ServiceKindView)),
    start: route('member', 'Services')
      .route({ method: 'POST', path: '/services', successStatus: 201, summary: 'Start a service on an edge; it is started again whenever its process ends' })
      .input(NewService)
      .output(ServiceView),
    list: route('member', 'Services')
      .route({ method: 'GET', path: '/services', summary: "The caller's services, newest first; an owner sees all" })
      .input(ServiceQuery)
      .output(z.array(ServiceView)),
    get: route('member', 'Services').route({ method: 'GET', path: '/services/{id}', summary: 'One service' }).input(ServiceById).output(ServiceView),
    stop: route('member', 'Services')
      .route({ method: 'POST', path: '/services/{id}/stop', summary: 'Stop a service for good' })
      .input(ServiceById)
      .output(ServiceView),
    log: route('member', 'Services')
      .route({ method: 'GET', path: '/services/{id}/log', summary: 'The end of what a service wrote' })
      .input(ServiceById)
      .output(ServiceLog),
  },
  doubleChecks: {
    get: route('owner', 'Fleet')
      .route({ method: 'GET', path: '/double-checks', summary: 'The share of results that is computed twice, and where edges disagree' })
      .output(DoubleChecksView),
    set: route('owner', 'Fleet')
      .route({ method: 'PUT', path: '/double-checks', summary: 'Let a share of results be computed twice; 0 is off' })
      .input(z.object({ percent: z.number().min(0).max(100) }))
      .output(DoubleChecksView),
    dismiss: route('owner', 'Fleet')
      .route({ method: 'DELETE', path: '/double-checks/disagreements/{id}', summary: 'Dismiss a disagreement: the results of both edges answer again' })
      .input(z.object({ id: z.uuid() }))
      .output(DoubleChecksView),
  },
  models: route('member', 'Models').route({ method: 'GET', path: '/models', summary: 'The catalogue and where each model is' }).output(z.array(ModelView)),
  modelAliases: {
    list: route('member', 'Models')
      .route({ method: 'GET', path: '/model-aliases', summary: 'Names that programs for OpenAI use, and the models that they mean here' })
      .output(z.array(ModelAlias)),
    set: route('owner', 'Models')
      .route({ method: 'PUT', path: '/model-aliases/{name}', summary: 'Map a name such as gpt-4o to a model' })
      .input(ModelAlias)
      .output(ModelAlias),
    remove: route('owner', 'Models')
      .route({ method: 'DELETE', path: '/model-aliases/{name}', summary: 'Take a mapped name away' })
      .input(z.object({ name: z.string().max(200) }))
      .output(z.object({ name: z.string() })),
  },
  doctor: route('owner', 'Models')
    .route({ method: 'GET', path: '/doctor', summary: 'Devices, gaps, and engines found on this machine' })
    .output(z.array(Finding)),
  me: route('guest', 'People').route({ method: 'GET', path: '/me', summary: 'Who the caller is' }).output(PersonView),
  usage: route('member', 'People')
    .route({ method: 'GET', path: '/usage', summary: "What the caller's uploads and results take, and may take" })
    .output(UsageView),
  ...peopleContract,
};

export type Contract = typeof contract;

/** A session, for sign-in pages: better-auth answers under /api/auth; the first owner is made here. */
export const Welcome = z.object({
  code: z.string().min(10).max(200),
  name: z.string().min(1).max(100),
  email: Email,
  password: Password,
});
export type Welcome = z.infer<typeof Welcome>;
