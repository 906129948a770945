import type { ArtifactStore } from '@atelier/artifacts';
import type { ExistingData, Place } from '@atelier/planner';
import { AtelierError, type Dimensions, type NewRun, newId, type PlanRequest, type ResolvedChain } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { findOutput, storeText } from '../bytes/index.ts';
import type { Viewer } from '../contracts/index.ts';
import type { DraftInput } from '../state/index.ts';
import { byChainNames, checkModality, writtenTexts } from './chain-request.ts';

export interface InputNeeds {
  readonly database: Database;
  readonly artifacts: ArtifactStore;
}

/** A value of a chain's input: bytes that are stored, and the output through which its owner may read them. */
export interface RunInput extends DraftInput {
  readonly sizeBytes: number;
  /** Of an uploaded file. */
  readonly fileName: string | null;
  /** Where the bytes are; what was written just now is with the coordinator. */
  readonly at: string[];
  /** Of a recording or an image, where they are known. */
  readonly dimensions: Dimensions | undefined;
}

/** Brings a run's inputs into the store, texts as files. @throws AtelierError `not-found`, `modality-mismatch`, `too-large`, `disk-full` */
export async function prepareInputs(needs: InputNeeds, viewer: Viewer, chain: ResolvedChain, given: NewRun['inputs']): Promise<RunInput[]> {
  await storeWritten(needs, chain);
  const inputs: RunInput[] = [];
  for (const [name, value] of Object.entries(given)) {
    if ('text' in value) {
      checkModality(chain, name, 'text/plain');
      inputs.push({
        ...(await storeText(needs, value.text)),
        name,
        outputId: newId(),
        text: value.text,
        fileName: null,
        at: ['coordinator'],
        dimensions: undefined,
        isNew: true,
      });
    } else {
      const output = await findOutput(needs.database, viewer, value.outputId);
      checkModality(chain, name, output.mediaType);
      const { hash, mediaType, sizeBytes, at, dimensions } = output;
      inputs.push({ hash, mediaType, sizeBytes, name, outputId: value.outputId, text: null, fileName: output.ownName, at, dimensions, isNew: false });
    }
  }
  return inputs;
}

/** What is known of a chain's inputs before there is a run. What was given and is gone counts as unknown, so that the plan of a draft stays. */
export async function plannedInputs(
  needs: InputNeeds,
  viewer: Viewer,
  chain: ResolvedChain,
  { inputs, inputBytes }: PlanRequest,
): Promise<Record<string, ExistingData>> {
  const known: Record<string, ExistingData> = Object.fromEntries(
    Object.entries(byChainNames(chain, inputBytes)).map(([name, bytes]) => [name, { bytes, at: [] }]),
  );
  for (const [name, value] of Object.entries(byChainNames(chain, inputs))) {
    // A draft may still hold what its chain no longer reads.
    if (!Object.hasOwn(chain.inputs, name)) continue;
    if ('text' in value) known[name] = { bytes: Buffer.byteLength(value.text), at: [] };
    else {
      const found = await findOutput(needs.database, viewer, value.outputId).catch(unlessMissing);
      if (found) known[name] = { bytes: found.sizeBytes, at: found.at as Place[], dimensions: found.dimensions };
    }
  }
  return known;
}

function unlessMissing(thrown: unknown): undefined {
  if (!(thrown instanceof AtelierError) || thrown.code !== 'not-found') throw thrown;
}

/** Brings the texts that stand in a chain itself into the store. */
export async function storeWritten(needs: InputNeeds, chain: ResolvedChain): Promise<void> {
  for (const text of writtenTexts(chain)) await storeText(needs, text);
}
