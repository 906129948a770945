import type { ErrorBody, RunId, ServiceId } from '@atelier/protocol';

/** What an agent knows of a kind that it can run. */
export interface OwnKind {
  readonly name: string;
  readonly listens: boolean;
  readonly memoryBytes: number;
  readonly readySeconds: number;
  readonly answerSeconds: number;
}

/** One life of a service. */
export interface ServiceStart {
  readonly serviceId: ServiceId;
  readonly service: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly runId: RunId | null;
  readonly restarts: number;
  readonly listenPath: string | null;
}

/** How a process reaches another service: by a path of this machine, or at another edge with a ticket and the proof of this edge's key for this one request. */
export type Way =
  | { readonly at: 'here'; readonly path: string }
  | { readonly at: 'edge'; readonly url: string; readonly address: string; readonly headers: Readonly<Record<string, string>> };

export type ToService =
  | { readonly kind: 'describe' }
  | { readonly kind: 'start'; readonly start: ServiceStart }
  | { readonly kind: 'ask' }
  | { readonly kind: 'way'; readonly request: number; readonly way: Way }
  | { readonly kind: 'no-way'; readonly request: number; readonly error: ErrorBody };

export type FromService =
  | { readonly kind: 'kinds'; readonly kinds: readonly OwnKind[] }
  | { readonly kind: 'ready' }
  | { readonly kind: 'well'; readonly residentBytes: number }
  /** It cannot go on. */
  | { readonly kind: 'failed'; readonly error: ErrorBody }
  | { readonly kind: 'find'; readonly request: number; readonly target: string };
