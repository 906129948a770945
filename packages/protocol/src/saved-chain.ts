import { z } from 'zod';
import { ResolvedChain } from './chain.ts';
import { SavedChainId } from './ids.ts';
import { limits } from './limits.ts';

/** What a person calls a chain of theirs; spaces round it do not count. */
export const SavedChainName = z
  .string()
  .normalize('NFC')
  .trim()
  .min(1, 'give it a name')
  .max(limits.savedChainNameCharacters, `a name has at most ${limits.savedChainNameCharacters} characters`)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'a name has no control characters');

/** A saved chain in a list. */
export const SavedChainSummary = z.object({
  id: SavedChainId,
  /** Unique among those of one person. */
  name: z.string(),
  /** Its tasks, in the order of its steps. */
  tasks: z.array(z.string()),
  changedAt: z.iso.datetime(),
});
export type SavedChainSummary = z.infer<typeof SavedChainSummary>;

/** A chain that a person keeps by name. It is theirs alone; the values of its inputs are no part of it. */
export const SavedChain = SavedChainSummary.extend({ chain: ResolvedChain });
export type SavedChain = z.infer<typeof SavedChain>;
