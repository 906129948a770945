import type { InputHashes, StepOutput, WorkInput } from '@atelier/protocol';
import type { ValueHashes } from './waiting.ts';

/** What a result names, by port in the order of its values. */
export function hashesOf(values: readonly (StepOutput | WorkInput)[]): ValueHashes {
  const byPort = Map.groupBy(values, ({ port }) => port);
  return Object.fromEntries([...byPort].map(([port, some]) => [port, some.toSorted((a, b) => a.index - b.index).map(({ hash }) => hash)]));
}

/** Whether two name the same bytes everywhere. A port without a value is as one that is not there. */
export function isSame(one: ValueHashes | InputHashes, other: ValueHashes | InputHashes): boolean {
  const ports = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...ports].every((port) => at(one, port).join() === at(other, port).join());
}

/** An edge may name a port as it likes, also as something that every object has. */
const at = (values: ValueHashes | InputHashes, port: string) => (Object.hasOwn(values, port) ? values[port] : undefined) ?? [];
