import { seeded } from '@atelier/seeded';
import { expect, test } from 'vitest';
import { placeStep, type SlotLoad } from './placement.ts';

const model = (modelId: string, bytes: number, usedAt: number) => ({ modelId, bytes, usedAt });

test('a step goes to the free slot where its model is warm', () => {
  const slots: SlotLoad[] = [
    { slotId: 0, busy: false, models: [] },
    { slotId: 1, busy: false, models: [model('a', 5, 1)] },
  ];
  expect(placeStep(slots, { modelId: 'a', bytes: 5 }, 5)).toEqual({ kind: 'place', slotId: 1, evict: [] });
});

test('what was used longest ago in free slots leaves first, and no more than must', () => {
  const slots: SlotLoad[] = [
    { slotId: 0, busy: false, models: [model('old', 4, 1), model('newer', 4, 3)] },
    { slotId: 1, busy: false, models: [model('middle', 4, 2)] },
  ];
  expect(placeStep(slots, { modelId: 'new', bytes: 4 }, 12)).toEqual({ kind: 'place', slotId: 1, evict: [{ slotId: 0, modelId: 'old' }] });
});

test('memory that busy slots hold is waited for', () => {
  const slots: SlotLoad[] = [
    { slotId: 0, busy: true, models: [model('a', 8, 1)] },
    { slotId: 1, busy: false, models: [] },
  ];
  expect(placeStep(slots, { modelId: 'b', bytes: 4 }, 10)).toEqual({ kind: 'wait' });
});

test('a model that alone is over the bound never runs', () => {
  expect(placeStep([{ slotId: 0, busy: false, models: [] }], { modelId: 'a', bytes: 11 }, 10)).toEqual({ kind: 'never' });
});

test('whatever comes, the bound holds, busy slots keep what they have, and every step that fits runs in the end', () => {
  const { below: random } = seeded('placement');
  const sizes = Array.from({ length: 8 }, () => random(60));
  for (let round = 0; round < 200; round++) {
    const bound = 40 + random(80);
    let slots: SlotLoad[] = Array.from({ length: 1 + random(4) }, (_, slotId) => ({ slotId, busy: false, models: [] }));
    let waiting = 0;
    for (let step = 1; step <= 60; step++) {
      const wanted = { modelId: `m${random(8)}`, bytes: 0 };
      wanted.bytes = sizes[Number(wanted.modelId.slice(1))] as number;
      let placement = placeStep(slots, wanted, bound);
      if (placement.kind === 'never') {
        expect(wanted.bytes).toBeGreaterThan(bound);
        continue;
      }
      if (placement.kind === 'wait') {
        waiting++;
        // Once every slot is free nothing may be in the way any more.
        slots = slots.map((slot) => ({ ...slot, busy: false }));
        placement = placeStep(slots, wanted, bound);
      }
      if (placement.kind !== 'place') throw new Error(`step ${step} of round ${round} would wait for ever`);
      const { slotId, evict } = placement;
      expect(slots[slotId]?.busy).toBe(false);
      for (const gone of evict) expect(slots[gone.slotId]?.busy).toBe(false);
      slots = slots.map((slot) => {
        const stays = slot.models.filter(({ modelId }) => !evict.some((gone) => gone.slotId === slot.slotId && gone.modelId === modelId));
        if (slot.slotId !== slotId) return { ...slot, models: stays };
        return {
          ...slot,
          busy: random(2) === 0,
          models: [...stays.filter(({ modelId }) => modelId !== wanted.modelId), model(wanted.modelId, wanted.bytes, step)],
        };
      });
      expect(slots.flatMap((slot) => slot.models).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(bound);
    }
    expect(waiting).toBeLessThan(60);
  }
});
