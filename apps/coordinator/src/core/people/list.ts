import { AtelierError, limits, type PeopleView, type PersonDetail } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Quota } from '../quota/index.ts';

export interface ListNeeds {
  readonly database: Database;
  readonly quota: Quota;
}

/** Bytes of the different artifacts that are on this studio's disks, by whom and whether a run made them. */
const held = `
  SELECT mine.user_id, sum(a.size_bytes) FILTER (WHERE NOT mine.made) AS brought, sum(a.size_bytes) FILTER (WHERE mine.made) AS made
  FROM (SELECT DISTINCT o.user_id, o.hash, o.run_id IS NOT NULL AS made FROM outputs o WHERE $1::text IS NULL OR o.user_id = $1) AS mine
  JOIN replicas r ON r.hash = mine.hash AND r.place = 'coordinator' JOIN artifacts a ON a.hash = mine.hash GROUP BY mine.user_id`;

const count = (table: string, of: string, more = '') => `(SELECT count(*)::int FROM ${table} WHERE ${of} = u.id ${more})`;

const people = `
  SELECT u.id, u.name, u.email, u.role, u.created_at AS "createdAt",
    GREATEST(u.last_seen_at, (SELECT max(s.updated_at) FROM session s WHERE s.user_id = u.id)) AS "lastSeenAt",
    ${count('runs', 'user_id', "AND state IN ('planning', 'running', 'paused')")} AS "openRuns",
    coalesce(held.brought, 0)::float8 AS "uploadedBytes", coalesce(held.made, 0)::float8 AS "resultBytes",
    ${count('session', 'user_id', 'AND expires_at > now()')} AS sessions,
    ${count('apikey', 'reference_id', 'AND enabled AND (expires_at IS NULL OR expires_at > now())')} AS tokens,
    u.most_open_runs AS "mostOpenRuns", u.most_uploaded_bytes::float8 AS "mostUploadedBytes"
  FROM "user" u LEFT JOIN (${held}) AS held ON held.user_id = u.id
  WHERE NOT u.service AND ($1::text IS NULL OR u.id = $1)
  ORDER BY array_position(ARRAY['owner', 'member', 'guest'], u.role), lower(u.name), u.id LIMIT ${limits.people}`;

interface PersonRow extends Omit<PersonDetail, 'createdAt' | 'lastSeenAt' | 'limits'> {
  readonly createdAt: Date;
  readonly lastSeenAt: Date | null;
  readonly mostOpenRuns: number | null;
  readonly mostUploadedBytes: number | null;
}

/** All people, owners first. */
export async function listPeople({ database, quota }: ListNeeds): Promise<PeopleView> {
  const { rows } = await database.pool.query<PersonRow>(people, [null]);
  return { people: rows.map(detail), defaults: { openRuns: limits.openRunsPerUser, uploadedBytes: quota.usualBytes } };
}

/** @throws AtelierError `not-found` */
export async function readPerson({ database }: Pick<ListNeeds, 'database'>, id: string): Promise<PersonDetail> {
  const { rows } = await database.pool.query<PersonRow>(people, [id]);
  if (rows[0]) return detail(rows[0]);
  throw new AtelierError('not-found', 'There is no such person.');
}

function detail({ createdAt, lastSeenAt, mostOpenRuns, mostUploadedBytes, ...row }: PersonRow): PersonDetail {
  return {
    ...row,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt?.toISOString() ?? null,
    limits: { openRuns: mostOpenRuns, uploadedBytes: mostUploadedBytes },
  };
}
