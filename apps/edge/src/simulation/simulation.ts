import { setTimeout as pause } from 'node:timers/promises';
import { AtelierError } from '@atelier/protocol';
import { z } from 'zod';
import { TokenBucket } from './token-bucket.ts';

const Link = z.object({ bytesPerSecond: z.number().positive().optional(), latencyMs: z.number().min(0).max(60_000).optional() });
type Link = z.infer<typeof Link>;

/** What `--simulate` takes. Links are named by the other edge's name, `coordinator` or `default`. */
export const SimulationSettings = z.strictObject({
  position: z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) }).optional(),
  /** 0.5 takes twice as long as this machine really does. */
  speed: z.number().gt(0).max(1).optional(),
  links: z.record(z.string(), Link).optional(),
});
export type SimulationSettings = z.infer<typeof SimulationSettings>;

/** @throws AtelierError `invalid-input` naming the field */
export function parseSimulation(json: string): SimulationSettings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AtelierError('invalid-input', '--simulate is not JSON.', {
      hint: 'Such as {"speed":0.5,"links":{"default":{"bytesPerSecond":1e6,"latencyMs":20}}}.',
      cause,
    });
  }
  const parsed = SimulationSettings.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `--simulate: ${issue?.path.join('.')}: ${issue?.message}.`);
}

/**
 * Pretends slower links: real bytes are held back and real messages delayed, so that everything measured is as on such links.
 * Without settings for a link nothing is held back.
 */
export class SimulatedLinks {
  readonly #links: Readonly<Record<string, Link>>;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(settings: SimulationSettings | undefined) {
    this.#links = settings?.links ?? {};
  }

  /** One way, to or from the coordinator. */
  get messageDelayMs(): number {
    return this.#link('coordinator').latencyMs ?? 0;
  }

  /** Waits as long as a request to this peer and back would. */
  async delay(peer: string, signal?: AbortSignal): Promise<void> {
    const ms = 2 * (this.#link(peer).latencyMs ?? 0);
    if (ms > 0) await pause(ms, undefined, { signal });
  }

  /** Waits until the link to this peer has room for so many bytes; undefined if nothing is held back. */
  pace(peer: string, bytes: number): Promise<void> | undefined {
    const rate = this.#link(peer).bytesPerSecond;
    if (rate === undefined) return undefined;
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(rate);
    this.#buckets.set(peer, bucket);
    return bucket.take(bytes);
  }

  #link(peer: string): Link {
    return { ...this.#links.default, ...this.#links[peer] };
  }
}
