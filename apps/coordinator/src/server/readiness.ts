import type { EdgeId } from '@atelier/protocol';
import type { Core } from '../core/index.ts';

/** How far an edge is with bringing a model's files. */
export interface ModelPull {
  readonly edgeId: EdgeId;
  readonly edgeName: string;
  readonly modelId: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const lookEveryMs = 200;

/** Resolves when each starter task has an offer. Never, where the coordinator is closed before. */
export function whenReady(core: Core, life: { closeLast(closer: () => void): void }): Promise<void> {
  return new Promise((done) => {
    const look = setInterval(() => {
      if (!core.readiness().ready) return;
      clearInterval(look);
      done();
    }, lookEveryMs);
    look.unref();
    life.closeLast(() => clearInterval(look));
  });
}

/** Tells of all pulls that go on, several times a second. */
export function watchPulls(core: Core, listener: (pull: ModelPull) => void): () => void {
  const look = setInterval(async () => {
    for (const edge of await core.listEdges().catch(() => [])) {
      for (const model of edge.models) {
        if (model.pull) listener({ edgeId: edge.id, edgeName: edge.name, modelId: model.manifest.id, ...model.pull });
      }
    }
  }, lookEveryMs);
  look.unref();
  return () => clearInterval(look);
}
