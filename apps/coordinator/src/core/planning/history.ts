import { linkPrior, type MeasuredLink, type Measurement, type OfferHistory, type OutputHistory, type Place, summariseMeasurements } from '@atelier/planner';
import type { EdgeId } from '@atelier/protocol';
import type { Pool } from 'pg';

/** Measurements of one model, edge and task that count; older ones are forgotten at the next start. */
const kept = 50;
/** Measurements of other coordinators that are read at a time; the others with the next round. */
const mostRead = 5_000;
/** The share that a new measurement of a link has in its mean. */
const linkWeight = 0.2;
/** Transfers below this size say something about latency only. */
const smallBytes = 16 * 1024;

/** A link with how often it was measured. */
export interface KnownLink extends MeasuredLink {
  readonly samples: number;
}

/** What was measured, kept in memory for the planner and written through to the database. */
export class History {
  readonly #pool: Pool;
  readonly #byOffer = new Map<string, Measurement[]>();
  readonly #links = new Map<string, KnownLink>();
  /** Measurements up to this number were read. */
  #lastId = 0;
  #summary: { histories: OfferHistory[]; outputs: OutputHistory[] } | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async load(): Promise<void> {
    await this.#pool.query(
      `DELETE FROM measurements WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY edge_id, model_id, task ORDER BY id DESC) AS n
        FROM measurements) AS numbered WHERE n > $1)`,
      [kept],
    );
    const { rows } = await this.#pool.query(
      `SELECT id, edge_id AS "edgeId", model_id AS "modelId", task, work, cold, run_seconds AS "runSeconds", load_seconds AS "loadSeconds",
        output_bytes AS "outputBytes" FROM measurements ORDER BY id`,
    );
    for (const { id, ...row } of rows) {
      this.#lastId = Number(id);
      this.follow(row);
    }
    const links = await this.#pool.query(
      'SELECT from_place AS "from", to_place AS "to", bytes_per_second AS "bytesPerSecond", latency_seconds AS "latencySeconds", samples FROM links',
    );
    for (const link of links.rows) this.#links.set(linkKey(link.from, link.to), link);
  }

  /** Takes over a measurement that was committed with its result. */
  follow(measurement: Measurement): void {
    const key = `${measurement.edgeId} ${measurement.modelId} ${measurement.task}`;
    this.#byOffer.set(key, [measurement, ...(this.#byOffer.get(key) ?? [])].slice(0, kept));
    this.#summary = undefined;
  }

  /**
   * Reads what other coordinators have measured meanwhile. One that is committed out of turn may be missed until the next start: it only makes a
   * prediction a little worse.
   * @param own edges whose sockets are here: what they measure is known
   */
  async readOthers(own: readonly EdgeId[]): Promise<void> {
    const { rows } = await this.#pool.query(
      `SELECT id, edge_id AS "edgeId", model_id AS "modelId", task, work, cold, run_seconds AS "runSeconds", load_seconds AS "loadSeconds",
        output_bytes AS "outputBytes" FROM measurements WHERE id > $1 ORDER BY id LIMIT $2`,
      [this.#lastId, mostRead],
    );
    for (const { id, ...row } of rows) {
      this.#lastId = Number(id);
      if (!own.includes(row.edgeId)) this.follow(row);
    }
    const links = await this.#pool.query(
      `SELECT from_place AS "from", to_place AS "to", bytes_per_second AS "bytesPerSecond", latency_seconds AS "latencySeconds", samples FROM links
      WHERE updated_at > now() - interval '1 minute' AND NOT to_place = ANY($1)`,
      [own],
    );
    for (const link of links.rows) this.#links.set(linkKey(link.from, link.to), link);
  }

  summary(): { histories: OfferHistory[]; outputs: OutputHistory[] } {
    this.#summary ??= summariseMeasurements([...this.#byOffer.values()].flat());
    return this.#summary;
  }

  links(): KnownLink[] {
    return [...this.#links.values()];
  }

  /** A transfer as its receiver measured it. Means are over time, so that a link that changed is believed after some transfers. */
  async measuredLink(transfer: { from: Place; to: Place; bytes: number; seconds: number; latencySeconds: number | null }): Promise<void> {
    const { from, to } = transfer;
    const before = this.#links.get(linkKey(from, to));
    const rate = transfer.seconds > 0 && transfer.bytes >= smallBytes ? transfer.bytes / transfer.seconds : undefined;
    // A link of which only the latency is known has the prior's rate, which the first real measurement replaces.
    const knownRate = before?.bytesPerSecond === linkPrior.bytesPerSecond ? undefined : before?.bytesPerSecond;
    const bytesPerSecond = Math.max(1, mean(knownRate, rate) || linkPrior.bytesPerSecond);
    const latencySeconds = mean(before?.latencySeconds, transfer.latencySeconds ?? undefined);
    const link = { from, to, bytesPerSecond, latencySeconds, samples: (before?.samples ?? 0) + 1 };
    this.#links.set(linkKey(from, to), link);
    await this.#pool.query(
      `INSERT INTO links (from_place, to_place, bytes_per_second, latency_seconds, samples) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (from_place, to_place) DO UPDATE SET bytes_per_second = $3, latency_seconds = $4, samples = $5, updated_at = now()`,
      [from, to, bytesPerSecond, latencySeconds, link.samples],
    );
  }
}

const linkKey = (from: string, to: string) => `${from} ${to}`;

function mean(before: number | undefined, now: number | undefined): number {
  if (now === undefined) return before ?? 0;
  return before === undefined ? now : before + linkWeight * (now - before);
}
