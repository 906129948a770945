import { z } from 'zod';
import { EdgeId, RunId, ServiceId } from '../ids.ts';
import { limits } from '../limits.ts';
import { ErrorView } from '../run.ts';
import type { ServiceKind } from './service-kind.ts';

/**
 * `waiting` for an edge; `starting` on one; `running`; `restarting` after its process ended; `lost`: its edge is away, and starts it again when it is back;
 * `stopping`; `stopped` and `failed` for good.
 */
export const ServiceState = z.enum(['waiting', 'starting', 'running', 'restarting', 'lost', 'stopping', 'stopped', 'failed']);
export type ServiceState = z.infer<typeof ServiceState>;

export const NewService = z.object({
  /** The name of a kind. */
  kind: z.string().min(1).max(63),
  parameters: z.record(z.string().max(100), z.unknown()).default({}),
  /** Where it runs. `any`: on any edge that can, and on another if that one goes away. */
  edge: z.union([EdgeId, z.literal('any')]),
  /** A run of the caller's with which it ends. */
  runId: RunId.optional(),
});
export type NewService = z.infer<typeof NewService>;

export const ServiceView = z.object({
  id: ServiceId,
  kind: z.string(),
  state: ServiceState,
  edgeId: EdgeId.nullable(),
  edgeName: z.string().nullable(),
  /** It moves to another edge if its edge goes away. */
  anyEdge: z.boolean(),
  runId: RunId.nullable(),
  personId: z.string(),
  personName: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** How often its process was started again. */
  restarts: z.number().int().nonnegative(),
  /** Where other services reach it, with a ticket; null if they do not now. */
  address: z.string().nullable(),
  /** Why it failed, waits, or was started again last. */
  error: ErrorView.nullable(),
  createdAt: z.iso.datetime(),
  /** Since when it has been ready without a break. */
  readyAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
});
export type ServiceView = z.infer<typeof ServiceView>;

export const ServiceQuery = z.object({
  /** `open`: all that have not ended. */
  state: z.enum(['open', 'all']).default('open'),
  limit: z.coerce.number().int().min(1).max(limits.servicesListed).default(100),
});
export type ServiceQuery = z.infer<typeof ServiceQuery>;

export const ServiceLog = z.object({ id: ServiceId, text: z.string() });
export type ServiceLog = z.infer<typeof ServiceLog>;

/** A kind as clients see it, with the edges that can run it now. */
export const ServiceKindView = z.object({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  listens: z.boolean(),
  belongsTo: z.enum(['run', 'person', 'either']),
  memoryBytes: z.number(),
  /** JSON Schema (draft 2020-12). */
  parameters: z.record(z.string(), z.unknown()),
  edges: z.array(z.object({ edgeId: EdgeId, edgeName: z.string() })),
});
export type ServiceKindView = z.infer<typeof ServiceKindView>;

/** A kind's declaration as clients see it. */
export function serviceKindView(kind: ServiceKind): Omit<ServiceKindView, 'edges'> {
  const { name, title, summary, listens, belongsTo, memoryBytes } = kind;
  return { name, title, summary, listens, belongsTo, memoryBytes, parameters: z.toJSONSchema(kind.parameters, { io: 'input' }) as Record<string, unknown> };
}
