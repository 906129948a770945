import { randomInt } from 'node:crypto';
import {
  AtelierError,
  applySettings,
  type Chain,
  findTask,
  mayRead,
  modalityOf,
  type NewRun,
  parseChainText,
  type ResolvedChain,
  resolveChain,
  type Source,
  seedParameters,
} from '@atelier/protocol';

/** The chain that a request means, with the settings in place. @throws AtelierError as `resolveChain` and `applySettings` */
export function chainOf(request: { chain: string | Chain; set: Record<string, unknown> }): ResolvedChain {
  const chain = resolveChain(typeof request.chain === 'string' ? parseChainText(request.chain) : request.chain);
  return applySettings(chain, request.set);
}

/** Draws a seed for every step that can take one and has none, or that is named in `again`. */
export function drawSeeds(chain: ResolvedChain, again: ReadonlySet<string> = new Set()): ResolvedChain {
  const steps = chain.steps.map((step) => {
    const drawn = seedParameters(findTask(step.task)).filter((name) => step.parameters[name] === undefined || again.has(step.id));
    const seeds = Object.fromEntries(drawn.map((name) => [name, randomInt(2 ** 32)]));
    return { ...step, parameters: { ...step.parameters, ...seeds } };
  });
  return { ...chain, steps };
}

/** What is said of a chain's inputs, by their names: `input` stands for the only one. */
export function byChainNames<T>(chain: ResolvedChain, given: Readonly<Record<string, T>>): Record<string, T> {
  const names = Object.keys(chain.inputs);
  const only = names.length === 1 && names[0] !== 'input' ? names[0] : undefined;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name === 'input' ? (only ?? name) : name, value]));
}

/** The values of a chain's inputs by their names. @throws AtelierError `invalid-input` */
export function namedInputs(chain: ResolvedChain, given: NewRun['inputs']): NewRun['inputs'] {
  const names = Object.keys(chain.inputs);
  const inputs = byChainNames(chain, given);
  const unknown = Object.keys(inputs).filter((name) => !Object.hasOwn(chain.inputs, name));
  const missing = names.filter((name) => !Object.hasOwn(inputs, name));
  if (unknown.length > 0) {
    throw new AtelierError('invalid-input', `The chain has no input "${unknown.join('", "')}".`, { hint: `It has: ${names.join(', ') || 'none'}.` });
  }
  if (missing.length > 0) {
    throw new AtelierError('invalid-input', `The chain needs a value for "${missing.join('", "')}".`, {
      hint: `Give ${missing.map((name) => `${name} (${chain.inputs[name]?.modality})`).join(', ')} as a text or an uploaded file.`,
    });
  }
  return inputs;
}

/** @throws AtelierError `modality-mismatch` if an input is not of the kind that the chain asks for */
export function checkModality(chain: ResolvedChain, name: string, mediaType: string): void {
  const wanted = chain.inputs[name]?.modality;
  if (wanted === undefined || mayRead(wanted, mediaType)) return;
  const given = modalityOf(mediaType);
  throw new AtelierError('modality-mismatch', `The input "${name}" takes ${wanted}, but ${mediaType} is ${given ?? 'of no kind that Atelier knows'}.`, {
    hint: `Give a file that holds ${wanted}, or begin the chain with a task that takes ${given ?? 'it'}.`,
  });
}

/** Texts that are written in the chain itself. */
export function writtenTexts(chain: ResolvedChain): string[] {
  return chain.steps.flatMap((step) =>
    Object.values(step.inputs)
      .flat()
      .filter(isText)
      .map((source) => source.text),
  );
}

const isText = (source: Source): source is { text: string } => typeof source !== 'string';
