import { type EdgeId, type ModelManifest, type ResolvedChain, resolveChain } from '@atelier/protocol';
import type { FleetEdge, FleetSnapshot, MeasuredLink, OfferHistory } from './fleet.ts';

export const edgeId = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}` as EdgeId;

export function manifest(id: string, tasks: string[], more: Partial<ModelManifest> = {}): ModelManifest {
  return {
    id,
    title: id,
    shortName: id,
    summary: '',
    driver: 'command',
    tasks,
    licence: 'none',
    files: [],
    memoryBytes: 100,
    quality: 0.5,
    prior: { loadSeconds: 1, runSeconds: 1 },
    options: {},
    ...more,
  };
}

export interface FleetShape {
  readonly edges: number;
  readonly tasks: readonly string[];
  /** Models of each task. */
  readonly models: number;
  /** Chance that an edge has a model. */
  readonly density: number;
  /** Chance that the link between two places is measured. */
  readonly linkDensity?: number;
  readonly queues: 'none' | 'some';
  /** `scarce`: an edge holds one or two models at a time. */
  readonly memory: 'plenty' | 'scarce';
}

/** A fleet with random speeds, links, queues and histories. Every task has at least one offer. */
export function randomFleet(random: () => number, shape: FleetShape): FleetSnapshot {
  const manifests = shape.tasks.flatMap((task) =>
    Array.from({ length: shape.models }, (_, number) =>
      manifest(`${task}-${number}`, [task], {
        quality: Math.round(random() * 4) / 4,
        memoryBytes: 50 + Math.round(random() * 100),
        prior: { loadSeconds: random() * 3, runSeconds: 0.2 + random() * 3 },
      }),
    ),
  );
  const edges: FleetEdge[] = Array.from({ length: shape.edges }, (_, number) => ({
    id: edgeId(number),
    name: `Edge${number}`,
    state: 'online',
    slots: 1 + Math.floor(random() * 2),
    modelMemoryBytes: shape.memory === 'plenty' ? 1e9 : 160 + Math.round(random() * 150),
    relayOnly: random() < 0.2,
    queuedSeconds: shape.queues === 'some' && random() < 0.5 ? random() * 6 : 0,
    models: manifests
      .filter((one, place) => random() < shape.density || (number === 0 && place % shape.models === 0 && one.tasks.length > 0))
      .map((one) => ({ manifest: one, modelHash: `hash of ${one.id}`, state: 'ready', loaded: random() < 0.3 })),
  }));
  return { edges, links: randomLinks(random, edges, shape.linkDensity ?? 0.7), histories: randomHistories(random, edges), outputs: [] };
}

function randomLinks(random: () => number, edges: readonly FleetEdge[], density: number): MeasuredLink[] {
  const places = ['coordinator' as const, ...edges.map((edge) => edge.id)];
  return places.flatMap((from) =>
    places
      .filter((to) => to !== from && random() < density)
      .map((to) => ({ from, to, bytesPerSecond: 10 ** (4.5 + random() * 3), latencySeconds: random() * 0.05 })),
  );
}

function randomHistories(random: () => number, edges: readonly FleetEdge[]): OfferHistory[] {
  const spreadOf = (median: number) => ({ median, low: median * 0.8, high: median * 1.3, samples: 1 + Math.floor(random() * 9) });
  return edges.flatMap((edge) =>
    edge.models
      .filter(() => random() < 0.7)
      .map(({ manifest: { id, tasks, prior } }) => {
        const warm = spreadOf((prior.runSeconds * (0.3 + random() * 2)) / 20);
        const cold = random() < 0.5 ? spreadOf(warm.median * (1 + random() * 0.3)) : null;
        return { edgeId: edge.id, modelId: id, task: tasks[0] as string, warm, cold, load: cold ? spreadOf(prior.loadSeconds + 0.1) : null };
      }),
  );
}

export const mainJob = resolveChain({ steps: ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'] });

export const diamond: ResolvedChain = resolveChain({
  inputs: { prompt: { modality: 'text' } },
  steps: [
    { id: 'words', task: 'text-generation', inputs: { prompt: 'inputs.prompt' } },
    { id: 'draw', task: 'text-to-image', inputs: { prompt: 'words.text' } },
    { id: 'motion', task: 'text-generation', inputs: { prompt: 'words.text' } },
    { id: 'move', task: 'image-to-video', inputs: { image: 'draw.image', prompt: 'motion.text' } },
  ],
});

export const repeated: ResolvedChain = resolveChain({ steps: ['text-generation', 'text-generation', 'text-generation', 'text-to-image'] });
