import { expect, test } from 'vitest';
import { testModel } from '../coordinator.test-support.ts';
import { drawnSize } from './picture-size.ts';

const model = (pictureSide?: number, pictureSizes?: 'own') => ({ ...testModel('painter', ['text-to-image']), pictureSide, pictureSizes });
const [small, large, fixed, unsaid] = [model(128), model(1024), model(256, 'own'), model()];

test.each([
  ['a square', { width: 1024, height: 1024 }, [small], { width: 128, height: 128 }],
  ['3 by 2', { width: 1536, height: 1024 }, [small], { width: 160, height: 104 }],
  ['about 4 by 7', { width: 1024, height: 1792 }, [large], { width: 776, height: 1352 }],
  ['a strip', { width: 100, height: 9000 }, [small], { width: 64, height: 1216 }],
  ['of an unknown side', { width: 512, height: 300 }, [unsaid], { width: 512, height: 304 }],
  ['by nobody yet', { width: 512, height: 300 }, [], { width: 512, height: 304 }],
  ['by the smaller of two', { width: 1024, height: 1024 }, [large, small], { width: 128, height: 128 }],
  ['by the one that can', { width: 1536, height: 1024 }, [fixed, small], { width: 160, height: 104 }],
  ['by one with a single size', { width: 1536, height: 1024 }, [fixed], undefined],
])('a picture that is %s is drawn as it can be', (_, asked, models, drawn) => {
  expect(drawnSize(asked, models)).toEqual(drawn);
});
