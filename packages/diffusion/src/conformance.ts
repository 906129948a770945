import type { Tensor, TensorSession } from './tensor.ts';

/**
 * What every tensor session promises, as checks that throw. The session must compute `sum` = `left` + `right` (float32, N x 3) and
 * hand `count` (int64, N) through as `same`; N is left open.
 * @example for (const { name, check } of tensorSessionPromises(openSumSession)) test(name, check);
 */
export function tensorSessionPromises(open: () => Promise<TensorSession>): { readonly name: string; readonly check: () => Promise<void> }[] {
  const promise = (name: string, check: (session: TensorSession) => Promise<void>) => ({
    name,
    check: async () => {
      const session = await open();
      try {
        await check(session);
      } finally {
        await session.close();
      }
    },
  });
  return [
    promise('names its inputs and outputs and says their types and shapes', async (session) => {
      demand([...session.inputNames].sort().join() === 'count,left,right', 'the inputs are count, left and right');
      demand([...session.outputNames].sort().join() === 'same,sum', 'the outputs are same and sum');
      demand(session.inputs.left?.type === 'float32' && session.inputs.count?.type === 'int64', 'the types are float32 and int64');
      const [rows, columns] = session.inputs.left?.shape ?? [];
      demand(typeof rows === 'string' && columns === 3, 'the shape of left is N x 3');
    }),
    promise('computes for any size that the graph leaves open', async (session) => {
      for (const rows of [1, 2, 5]) {
        const { sum, same } = await session.run(sumInputs(rows));
        demand(sum?.type === 'float32' && sum.shape.join() === `${rows},3`, `sum has the shape ${rows} x 3`);
        demand(
          Array.from(sum.data as Float32Array).every((value, i) => value === 1.5 * i),
          'sum is left + right',
        );
        demand(same?.type === 'int64' && same.data[rows - 1] === BigInt(rows) + 2n ** 40n, 'same is count, in 64 bits');
      }
    }),
    promise('gives results that a later run does not change', async (session) => {
      const { sum } = await session.run(sumInputs(2));
      const before = Array.from(sum?.data ?? [], Number);
      await session.run({ ...sumInputs(2), left: { type: 'float32', data: new Float32Array(6).fill(9), shape: [2, 3] } });
      demand(before.join() === Array.from(sum?.data ?? [], Number).join(), 'the first result is as it was');
    }),
    promise('refuses missing, unknown, wrongly typed and wrongly shaped inputs with invalid-input', async (session) => {
      const { left: _left, ...withoutLeft } = sumInputs(2);
      const wrongType: Tensor = { type: 'int32', data: new Int32Array(6), shape: [2, 3] };
      const wrongShape: Tensor = { type: 'float32', data: new Float32Array(8), shape: [2, 4] };
      const inputs = [withoutLeft, { ...sumInputs(2), other: wrongType }, { ...sumInputs(2), left: wrongType }, { ...sumInputs(2), left: wrongShape }];
      for (const [index, given] of inputs.entries()) {
        const code = await session.run(given).then(
          () => 'none',
          (error: { code?: string }) => error.code,
        );
        demand(code === 'invalid-input', `inputs ${index} are refused with invalid-input, not ${code}`);
      }
    }),
    promise('can be closed twice', async (session) => {
      await session.close();
      await session.close();
    }),
  ];
}

function sumInputs(rows: number): Record<'left' | 'right' | 'count', Tensor> {
  return {
    left: { type: 'float32', data: Float32Array.from({ length: rows * 3 }, (_, i) => i), shape: [rows, 3] },
    right: { type: 'float32', data: Float32Array.from({ length: rows * 3 }, (_, i) => i / 2), shape: [rows, 3] },
    count: { type: 'int64', data: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i + 1) + 2n ** 40n), shape: [rows] },
  };
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`A tensor session breaks its promise: ${what}.`);
}
