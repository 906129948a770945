import type { Duplex } from 'node:stream';
import type { RunId, ServiceId } from '@atelier/protocol';

/** One life of a service, as its program sees it. */
export interface ServiceContext {
  readonly serviceId: ServiceId;
  /** The run with which it ends, if it belongs to one. */
  readonly runId: RunId | null;
  /** Validated by its kind, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** How often it was started again before. */
  readonly restarts: number;
  /** Where it has to listen if its kind listens, else null: a path for `net.Server.listen`, `unix:` addresses and the like. Only its own user reaches it. */
  readonly listenPath: string | null;
  /** Aborted when it has to end. */
  readonly signal: AbortSignal;
  /**
   * Opens a stream to another service of the same run, or of the same person. Ask again after it broke: that brings a new ticket.
   * @throws AtelierError `not-found`, `unavailable` while it does not run or cannot be reached, `forbidden`
   */
  connect(serviceId: string): Promise<Duplex>;
}

export interface RunningService {
  /** Asked again and again whether it is well. What it throws is why it is started again. Left out: answering at all is enough. */
  check?(): Promise<void>;
  /** Ends it in order, within a few seconds. */
  close(): Promise<void>;
}

/** What runs services of one kind, in a process of their own. What it writes to its standard output and error is the service's log. */
export interface ServiceProgram {
  /** The name of the kind. */
  readonly kind: string;
  /** Resolves when it is ready: when it listens, if it does. A program that cannot go on throws, or ends its process. */
  start(context: ServiceContext): Promise<RunningService>;
}

/** Kinds that need no module of an owner's, by name, loaded when one is started. None yet. */
export const servicePrograms: Readonly<Record<string, () => Promise<ServiceProgram>>> = {};
