import { guarded } from '@atelier/background';
import type { EdgeId, EdgeModel, ErrorBody } from '@atelier/protocol';
import type { Core, Logger } from '../core/index.ts';

/** News of an edge that brings a model's files: how far it is, or why it could not. */
export type ModelPull = {
  readonly edgeId: EdgeId;
  readonly edgeName: string;
  readonly modelId: string;
} & ({ readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number } | { readonly kind: 'failed'; readonly error: ErrorBody });

const lookEveryMs = 200;

/** Resolves when each starter task has an offer. Never if the coordinator is closed before. */
export function whenReady(core: Core, life: { closeLast(closer: () => void): void }): Promise<void> {
  return new Promise((done) => {
    const look = setInterval(() => {
      if (!core.edges.readiness().ready) return;
      clearInterval(look);
      done();
    }, lookEveryMs);
    look.unref();
    life.closeLast(() => clearInterval(look));
  });
}

/** Tells of all pulls that go on, several times a second, and once of each that failed. */
export function watchPulls(core: Core, log: Logger, listener: (pull: ModelPull) => void): () => void {
  const told = new Map<string, string>();
  const tell = async () => {
    for (const { id, name, models } of await core.edges.list()) {
      for (const model of models) {
        const of = { edgeId: id, edgeName: name, modelId: model.manifest.id };
        if (model.pull) listener({ kind: 'progress', ...of, ...model.pull });
        const failure = pullFailure(model);
        if (failure && told.get(`${id} ${of.modelId}`) !== failure.message) listener({ kind: 'failed', ...of, error: failure });
        if (failure) told.set(`${id} ${of.modelId}`, failure.message);
      }
    }
  };
  const look = setInterval(guarded(log, 'Pulls could not be told of.', tell), lookEveryMs);
  look.unref();
  return () => clearInterval(look);
}

/** Why a model's files are not on an edge, if the edge tried to bring them. */
export function pullFailure({ state, error }: EdgeModel): ErrorBody | undefined {
  return state === 'ready' || state === 'pulling' || error === null ? undefined : error;
}
