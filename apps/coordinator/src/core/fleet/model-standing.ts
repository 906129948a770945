import { modelHash } from '@atelier/models';
import { type EdgeModel, type EdgeModelView, isReproducible, type ModelManifest } from '@atelier/protocol';

/** What the catalogue says of a model. */
interface Known {
  readonly hash: string;
  readonly reproducible: boolean;
}

/**
 * Whether the hash that an edge states of a model is the one that the catalogue has. A hash that differs is not believed: what is made with
 * it neither enters nor leaves the result cache, and the model shares no step with that of another edge. A model that is not in the catalogue
 * is its edge's own: nobody can say what its hash should be, and edges that state the same are taken to have the same.
 */
export class ModelStanding {
  readonly #known: ReadonlyMap<string, Known>;

  constructor(catalogue: readonly ModelManifest[]) {
    this.#known = new Map(catalogue.map((manifest) => [manifest.id, { hash: modelHash(manifest), reproducible: isReproducible(manifest) }]));
  }

  of(modelId: string, stated: string): EdgeModelView['standing'] {
    const known = this.#known.get(modelId);
    if (!known) return 'own';
    return known.hash === stated ? 'catalogue' : 'differs';
  }

  /** Whether what was made with this hash, on an edge that offers the model so, may be kept and answered. What the catalogue knows its edge does not decide. */
  mayCache({ manifest, modelHash: offered }: EdgeModel, used: string): boolean {
    const believed = [offered, used].every((hash) => this.of(manifest.id, hash) !== 'differs');
    return believed && (this.#known.get(manifest.id)?.reproducible ?? isReproducible(manifest));
  }
}
