import { findTask, listTasks } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { complaint, fieldsOf, type SideField, sidesOf } from './fields.ts';
import { type Area, type Aspect, areas, aspects, type NativeSize, presetOf, sizeOf } from './size-presets.ts';

const of = (task: string) => fieldsOf(z.toJSONSchema(findTask(task).parameters, { io: 'input' }) as Record<string, unknown>);
const sides = sidesOf(of('text-to-image')) as readonly [SideField, SideField];
const native = (side: number, only = false): NativeSize => ({ side, only, title: 'A model' });
const every = (Object.keys(areas) as Area[]).flatMap((area) => aspects.map((aspect) => ({ area, aspect })));

test('every task that has a width and a height offers sizes, and no other', () => {
  const offering = listTasks()
    .filter((task) => sidesOf(of(task.name)) !== undefined)
    .map((task) => task.name);
  expect(offering).toEqual(listTasks().flatMap((task) => ('width' in task.parameters.shape ? [task.name] : [])));
  expect(offering).toContain('latent-walk');
});

test('every size that is offered keeps the bounds of the declaration, and about the proportion and the pixels that it says', () => {
  for (const side of [128, 256, 512, 768, 1024, 2048]) {
    for (const { area, aspect } of every) {
      const size = sizeOf(aspect, area, native(side), sides);
      if (!size) continue;
      expect([complaint(sides[0], size.width), complaint(sides[1], size.height)], `${side} ${aspect} ${area}`).toEqual([undefined, undefined]);
      const [across = 1, down = 1] = aspect.split(':').map(Number);
      expect(Math.abs(Math.log(size.width / size.height / (across / down)))).toBeLessThan(0.2);
      expect(Math.abs(Math.log((size.width * size.height) / (side * side * areas[area])))).toBeLessThan(0.25);
    }
  }
});

test('the sizes of well-known models are those that people use with them', () => {
  expect(sizeOf('16:9', 'own', native(1024), sides)).toEqual({ width: 1344, height: 768 });
  expect(sizeOf('2:3', 'own', native(1024), sides)).toEqual({ width: 832, height: 1280 });
  expect(sizeOf('3:4', 'own', native(512), sides)).toEqual({ width: 448, height: 576 });
  expect(sizeOf('1:1', 'large', native(512), sides)).toEqual({ width: 768, height: 768 });
});

test('a size beyond the bounds is not offered, and of a model that draws one size only that one is', () => {
  expect(sizeOf('16:9', 'large', native(4096), sides)).toBeUndefined();
  expect(sizeOf('1:1', 'small', native(64), sides)).toBeUndefined();
  expect(every.filter(({ aspect, area }) => sizeOf(aspect, area, native(128, true), sides))).toEqual([{ aspect: '1:1', area: 'own' }]);
});

test("what stands in the fields is known as the preset that gave it, an empty side as the model's own, and anything else as none", () => {
  for (const preset of every) {
    const size = sizeOf(preset.aspect, preset.area, native(1024), sides);
    expect(size && presetOf(size, native(1024), sides)).toEqual(preset);
  }
  expect(presetOf({}, native(1024), sides)).toEqual({ aspect: '1:1', area: 'own' });
  expect(presetOf({ width: 1000 }, native(1024), sides)).toBeUndefined();
});

const turned = (aspect: Aspect) => aspect.split(':').reverse().join(':') as Aspect;

test('a proportion that is turned is offered too, and its size is the same on its side', () => {
  for (const { aspect, area } of every) {
    const [size, other] = [sizeOf(aspect, area, native(768), sides), sizeOf(turned(aspect), area, native(768), sides)];
    expect(other).toEqual(size && { width: size.height, height: size.width });
  }
});
