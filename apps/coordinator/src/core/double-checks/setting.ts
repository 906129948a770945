import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';

const name = 'double-checks';
/** `key` draws the results that are computed twice. It stays here: an edge that knew it could answer rightly only then. */
const Kept = z.object({ percent: z.number().min(0).max(100), key: z.string().regex(/^[0-9a-f]{64}$/) });

export interface Setting {
  readonly percent: number;
  readonly key: Buffer;
}

/** What share of results an owner lets compute twice; none until one says so. */
export async function readSetting(pool: Pool): Promise<Setting> {
  const { rows } = await pool.query('SELECT value FROM owner_settings WHERE name = $1', [name]);
  if (!rows[0]) return { percent: 0, key: randomBytes(32) };
  const { percent, key } = Kept.parse(rows[0].value);
  return { percent, key: Buffer.from(key, 'hex') };
}

export async function writeSetting(pool: Pool, { percent, key }: Setting): Promise<void> {
  const value = JSON.stringify({ percent, key: key.toString('hex') } satisfies z.infer<typeof Kept>);
  await pool.query('INSERT INTO owner_settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value', [name, value]);
}
