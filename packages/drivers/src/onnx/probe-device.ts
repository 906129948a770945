/**
 * Tries one device and tells the parent process why it does not work, or null. Run as a process of its own by device.ts: some
 * graphics drivers crash instead of saying no.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** An ONNX file whose only node computes `sum` = `x` + `x`, for three floats. */
const graph = Buffer.from('CAg6PQoQCgF4CgF4EgNzdW0iA0FkZBIFcHJvYmVaDwoBeBIKCggIARIECgIIA2IRCgNzdW0SCgoICAESBAoCCANCBAoAEBE=', 'base64');

async function problemOf(device: string): Promise<string | null> {
  try {
    const session = await InferenceSession.create(graph, { executionProviders: [device], logSeverityLevel: 4 });
    const { sum } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3), [3]) });
    return Number(sum?.data[2]) === 6 ? null : 'it computes wrongly';
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? 'it does not work';
  }
}

const problem = await problemOf(process.argv[2] ?? '');
process.send?.(problem, () => process.exit(0));
