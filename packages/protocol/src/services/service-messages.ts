import { z } from 'zod';
import { RunId, ServiceId } from '../ids.ts';
import { limits } from '../limits.ts';
import { ErrorView } from '../run.ts';

const lease = { serviceId: ServiceId, fence: z.number().int().positive() };

/** Services that an edge holds, by their leases: in hello and each heartbeat. */
export const HeldServices = z.array(z.object(lease)).max(limits.servicesPerEdge * 2);
export type HeldServices = z.infer<typeof HeldServices>;

/** What of services an edge says in hello. Edges of older releases leave it out, and are given none. */
export const ServiceHello = z.object({
  /** Kinds that it can run. */
  kinds: z.array(z.string().max(63)).max(limits.serviceKinds),
  /** Services that it runs at a time, at most. */
  slots: z.number().int().nonnegative().max(limits.servicesPerEdge),
  /** Those that it runs. One leased to it that is missing here is lost. */
  held: HeldServices,
});
export type ServiceHello = z.infer<typeof ServiceHello>;

/** What became of a service on its edge. Said at each change, again after each hello, and when it wrote something. */
export const ServiceReport = z.object({
  kind: z.literal('service'),
  ...lease,
  state: z.enum(['starting', 'running', 'restarting', 'failed', 'stopped']),
  restarts: z.number().int().nonnegative().max(1_000_000),
  error: ErrorView.nullable(),
  /** The end of what its process wrote. */
  log: z.string().max(limits.serviceLogBytes),
});
export type ServiceReport = z.infer<typeof ServiceReport>;

/** A service asks where another one is. Answered by `service-place`. */
export const FindService = z.object({ kind: z.literal('service-find'), ...lease, request: z.number().int().nonnegative(), target: ServiceId });
export type FindService = z.infer<typeof FindService>;

/** What an edge has to know to run a service. A new fencing number for one that it runs already changes the number, and nothing else. */
export const ServiceOrder = z.object({
  ...lease,
  /** The name of its kind. */
  service: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  runId: RunId.nullable(),
  /** How often it was started again before. */
  restarts: z.number().int().nonnegative(),
});
export type ServiceOrder = z.infer<typeof ServiceOrder>;

export const StartService = z.object({ kind: z.literal('service-start'), order: ServiceOrder });
/** Stop it if it runs, and forget it. */
export const StopService = z.object({ kind: z.literal('service-stop'), serviceId: ServiceId });

/** Where a service is reached: on the asking edge itself, or with a ticket at another edge's checked address. */
export const ServicePlace = z.discriminatedUnion('at', [
  z.object({ at: z.literal('here'), serviceId: ServiceId }),
  z.object({ at: z.literal('edge'), serviceId: ServiceId, url: z.string(), address: z.string(), token: z.string() }),
]);
export type ServicePlace = z.infer<typeof ServicePlace>;

export const ServiceFound = z.object({
  kind: z.literal('service-place'),
  /** Who asked. */
  serviceId: ServiceId,
  request: z.number().int().nonnegative(),
  place: ServicePlace.nullable(),
  error: ErrorView.nullable(),
});
export type ServiceFound = z.infer<typeof ServiceFound>;
