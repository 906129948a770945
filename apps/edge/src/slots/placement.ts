/** A model that some slot holds in memory. */
interface LoadedBytes {
  readonly modelId: string;
  readonly bytes: number;
  /** Any clock that only grows. */
  readonly usedAt: number;
}

export interface SlotLoad {
  readonly slotId: number;
  readonly busy: boolean;
  readonly models: readonly LoadedBytes[];
}

export interface Wanted {
  readonly modelId: string;
  /** What one copy takes in memory. */
  readonly bytes: number;
}

/** `wait` for a busy slot to end; `never` if the model alone is over the bound. */
export type Placement =
  | { readonly kind: 'place'; readonly slotId: number; readonly evict: readonly { readonly slotId: number; readonly modelId: string }[] }
  | { readonly kind: 'wait' }
  | { readonly kind: 'never' };

/**
 * Decides which slot runs a step, and which models must leave memory first. A free slot in which the model is warm wins; else the free slot
 * that holds least takes it, and what was used longest ago in free slots leaves until the bound holds. Slots that run a step keep what they have.
 * @param slots every slot, started or not @param boundBytes what all models together may take
 */
export function placeStep(slots: readonly SlotLoad[], wanted: Wanted, boundBytes: number): Placement {
  if (wanted.bytes > boundBytes) return { kind: 'never' };
  const free = slots.filter((slot) => !slot.busy);
  const warm = free.find((slot) => slot.models.some((model) => model.modelId === wanted.modelId));
  if (warm) return { kind: 'place', slotId: warm.slotId, evict: [] };
  const target = free.toSorted((a, b) => bytesOf(a) - bytesOf(b) || a.slotId - b.slotId)[0];
  if (!target) return { kind: 'wait' };
  const total = slots.reduce((sum, slot) => sum + bytesOf(slot), 0);
  const evict = leastRecent(free, total + wanted.bytes - boundBytes);
  return evict ? { kind: 'place', slotId: target.slotId, evict } : { kind: 'wait' };
}

/** Models to put out so that `bytes` come free, those used longest ago first; undefined where free slots do not hold so much. */
export function leastRecent(free: readonly SlotLoad[], bytes: number): { slotId: number; modelId: string }[] | undefined {
  const candidates = free.flatMap((slot) => slot.models.map((model) => ({ ...model, slotId: slot.slotId }))).sort((a, b) => a.usedAt - b.usedAt);
  const evict: { slotId: number; modelId: string }[] = [];
  let missing = bytes;
  for (const { slotId, modelId, bytes: freed } of candidates) {
    if (missing <= 0) break;
    if (freed === 0) continue;
    evict.push({ slotId, modelId });
    missing -= freed;
  }
  return missing <= 0 ? evict : undefined;
}

function bytesOf(slot: SlotLoad): number {
  return slot.models.reduce((sum, model) => sum + model.bytes, 0);
}
