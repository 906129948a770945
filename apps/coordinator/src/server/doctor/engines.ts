import { readJson } from '@atelier/bounded-body';
import { type Finding, limits } from '@atelier/protocol';
import { z } from 'zod';

/** A program that people run models with, and how to tell that it is there. */
export interface KnownEngine {
  readonly name: string;
  readonly url: string;
  /** Answered with JSON by this program alone. */
  readonly probe: string;
  readonly shape: z.ZodType;
  readonly hint: string;
}

const openAiHint = (url: string) =>
  `Offer its models by the driver "openai": put a manifest with options.baseUrl ${url}/v1 into the edge's edge.yaml, under models.`;

export const knownEngines: readonly KnownEngine[] = [
  {
    name: 'Ollama',
    url: 'http://127.0.0.1:11434',
    probe: '/api/tags',
    shape: z.object({ models: z.array(z.unknown()) }),
    hint: openAiHint('http://127.0.0.1:11434'),
  },
  {
    name: 'LM Studio',
    url: 'http://127.0.0.1:1234',
    probe: '/v1/models',
    shape: z.object({ data: z.array(z.unknown()) }),
    hint: openAiHint('http://127.0.0.1:1234'),
  },
  {
    name: 'ComfyUI',
    url: 'http://127.0.0.1:8188',
    probe: '/system_stats',
    shape: z.object({ system: z.looseObject({}) }),
    hint: 'Offer your own graphs on it by the driver "comfyui": docs/edges.md shows the manifest for the edge\'s edge.yaml.',
  },
  {
    name: 'AUTOMATIC1111',
    url: 'http://127.0.0.1:7860',
    probe: '/sdapi/v1/options',
    shape: z.looseObject({ sd_model_checkpoint: z.unknown() }),
    hint: 'Offer it by the driver "automatic1111": docs/edges.md shows the manifest for the edge\'s edge.yaml.',
  },
];

const probeMs = 400;

/** Asks each port of this machine, shortly. Nothing found is no finding. */
export async function findEngines(engines: readonly KnownEngine[]): Promise<Finding[]> {
  const found = await Promise.all(engines.map(async (engine) => ((await answers(engine)) ? engine : undefined)));
  return found
    .filter((engine) => engine !== undefined)
    .map(({ name, url, hint }) => ({ subject: name, level: 'note' as const, message: `${name} answers at ${url}; nothing of it is used yet.`, hint }));
}

async function answers({ url, probe, shape }: KnownEngine): Promise<boolean> {
  try {
    const answer = await fetch(new URL(probe, url), { signal: AbortSignal.timeout(probeMs), redirect: 'error' });
    return answer.ok && shape.safeParse(await readJson(answer, limits.serverAnswerBytes)).success;
  } catch {
    // Nobody listens, or somebody else does.
    return false;
  }
}
