import type { z } from 'zod';
import { AtelierError } from '../errors.ts';
import { checkedParameters } from '../parameters.ts';

/** A kind of long-lived process that an edge can run. What runs it is a program of the same name (packages/drivers/src/service.ts). */
export interface ServiceKind {
  /** Lower-case letters, digits and hyphens, such as `network-part`. */
  readonly name: string;
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  readonly parameters: z.ZodObject;
  /** Whether other services may open streams to it. */
  readonly listens: boolean;
  /** A service of a run ends with its run; one of a person ends when it is stopped. */
  readonly belongsTo: 'run' | 'person' | 'either';
  /** The most memory that its process may hold; over it the process is ended and started again. */
  readonly memoryBytes: number;
  /** Seconds in which it has to be ready after its process began. */
  readonly readySeconds: number;
  /** Seconds in which it has to answer when it is asked whether it is well. A process that computes without a pause cannot answer meanwhile. */
  readonly answerSeconds: number;
}

type Draft = Omit<ServiceKind, 'listens' | 'belongsTo' | 'memoryBytes' | 'readySeconds' | 'answerSeconds'> & Partial<ServiceKind>;

const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Declares a kind of service. Left out: it listens to nobody, belongs to a run or a person, may hold 512 MiB, and has 60 s to be ready and 30 s to answer.
 * @throws AtelierError `invalid-input` for a name or number out of bounds
 * @example const echo = defineServiceKind({ name: 'echo', title: 'Echo', summary: 'Sends back what comes.', parameters: z.object({}), listens: true });
 */
export function defineServiceKind<D extends Draft>(draft: D): ServiceKind & { readonly parameters: D['parameters'] } {
  const kind = { listens: false, belongsTo: 'either' as const, memoryBytes: 512 * 1024 ** 2, readySeconds: 60, answerSeconds: 30, ...draft };
  if (!namePattern.test(kind.name)) throw wrong(kind.name, 'its name needs lower-case letters, digits and hyphens, and begins with a letter');
  for (const field of ['readySeconds', 'answerSeconds'] as const) {
    if (!(kind[field] >= 1 && kind[field] <= 3600)) throw wrong(kind.name, `${field} lies between 1 and 3600`);
  }
  if (!(kind.memoryBytes > 0)) throw wrong(kind.name, 'memoryBytes is a number of bytes');
  return kind;
}

function wrong(name: string, what: string): AtelierError {
  return new AtelierError('invalid-input', `The service kind "${name}" is not well declared: ${what}.`, { hint: 'docs/services.md shows a whole one.' });
}

const registry = new Map<string, ServiceKind>();

/** Makes a kind known to this process. @throws AtelierError `conflict` if another of this name is known */
export function registerServiceKind(kind: ServiceKind): void {
  const known = registry.get(kind.name);
  if (known && known !== kind) throw new AtelierError('conflict', `A service kind named ${kind.name} is declared already.`);
  registry.set(kind.name, kind);
}

/** All declared kinds, in the order in which they were declared. */
export function listServiceKinds(): ServiceKind[] {
  return [...registry.values()];
}

/** @throws AtelierError `not-found` */
export function findServiceKind(name: string): ServiceKind {
  const kind = registry.get(name);
  if (kind) return kind;
  const known = [...registry.keys()].join(', ');
  throw new AtelierError('not-found', `There is no service kind "${name}".`, {
    hint: known ? `Kinds are: ${known}.` : 'Start the studio with --tasks and a module that exports serviceKinds; docs/services.md says how.',
  });
}

/** Validates parameters and fills in defaults. @throws AtelierError `invalid-input`, `parameter-out-of-bounds` */
export function parseServiceParameters(kind: ServiceKind, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return checkedParameters(kind.parameters, given, { where: kind.name, hint: 'Look at the bounds with: atelier services kinds, or GET /api/service-kinds.' });
}
