import { parse, stringify } from 'yaml';
import type { Chain, ResolvedChain } from './chain.ts';
import { AtelierError } from './errors.ts';
import { limits } from './limits.ts';

/**
 * Reads the short forms of a chain: one task, a comma list of tasks, an older system's words joined by arrows
 * (`Audio to Text -> Text to Image`), or the whole of a YAML or JSON file. The result still has to go through `resolveChain`.
 * @throws AtelierError `invalid-input` if it is none of these, `too-large` over the bound
 */
export function parseChainText(text: string): Chain {
  if (text.length > limits.chainBytes) throw new AtelierError('too-large', `A chain may have at most ${limits.chainBytes} characters.`);
  const trimmed = text.trim();
  if (trimmed === '') throw new AtelierError('invalid-input', 'The chain is empty.', { hint: 'Name at least one task, such as text-to-image.' });
  if (trimmed.includes('\n') || trimmed.startsWith('{')) return parseChainFile(trimmed);
  const words = trimmed.split(/\s*(?:->|→|,)\s*/).filter((word) => word !== '');
  return { steps: words };
}

function parseChainFile(text: string): Chain {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new AtelierError('invalid-input', `The chain is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || !('steps' in value)) {
    throw new AtelierError('invalid-input', 'The chain has no steps.', { hint: 'Write "steps:" and under it a list of tasks.' });
  }
  return value as Chain;
}

/** A chain as a YAML file that `parseChainText` reads: nothing is left out but lists of one source, which stand alone. */
export function formatChain(chain: ResolvedChain): string {
  const steps = chain.steps.map((step) => ({
    ...step,
    inputs: Object.fromEntries(Object.entries(step.inputs).map(([port, sources]) => [port, sources.length === 1 ? sources[0] : sources])),
  }));
  return stringify({ ...chain, steps }, { lineWidth: 120 });
}
