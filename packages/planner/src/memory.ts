import type { Candidate, Problem } from './problem.ts';

interface Loaded {
  readonly modelId: string;
  readonly bytes: number;
}

/**
 * Which models are in memory on each edge while a plan is played through. An edge that has no room puts out the model
 * that was used longest ago, as its agent does.
 */
export class ModelMemory {
  readonly #problem: Problem;
  readonly #loaded = new Map<number, Loaded[]>();

  constructor(problem: Problem) {
    this.#problem = problem;
  }

  isWarm(candidate: Candidate): boolean {
    return this.#on(candidate.edge).some((one) => one.modelId === candidate.offer.modelId);
  }

  /** Marks a model as used now, loading it where it was not in memory. */
  use(candidate: Candidate): void {
    const loaded = this.#on(candidate.edge);
    const rest = loaded.filter((one) => one.modelId !== candidate.offer.modelId);
    if (rest.length === loaded.length) {
      const room = (this.#problem.fleet.edges[candidate.edge]?.modelMemoryBytes ?? 0) - candidate.manifest.memoryBytes;
      while (rest.length > 0 && rest.reduce((sum, one) => sum + one.bytes, 0) > room) rest.shift();
    }
    rest.push({ modelId: candidate.offer.modelId, bytes: candidate.manifest.memoryBytes });
    this.#loaded.set(candidate.edge, rest);
  }

  #on(edge: number): Loaded[] {
    const known = this.#loaded.get(edge);
    if (known) return known;
    const models = this.#problem.fleet.edges[edge]?.models ?? [];
    const atStart = models.filter((model) => model.loaded).map((model) => ({ modelId: model.manifest.id, bytes: model.manifest.memoryBytes }));
    this.#loaded.set(edge, atStart);
    return atStart;
  }
}
