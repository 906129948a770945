import {
  type EdgeView,
  findTask,
  type OutputView,
  type PlanSet,
  type Prediction,
  type RunView,
  resolveChain,
  type StepView,
  type TaskView,
  taskView,
} from '@atelier/protocol';

/** Made-up data for the design page, which exists in development only. */
const prediction = (startSeconds: number, seconds: number): Prediction => ({
  queueSeconds: 0,
  transferSeconds: 0.1,
  transferBytes: 18_000,
  loadSeconds: 0,
  runSeconds: seconds,
  startSeconds,
  endSeconds: startSeconds + seconds,
  runSecondsLow: seconds * 0.8,
  runSecondsHigh: seconds * 1.4,
  basis: 'measured',
  samples: 14,
});
const offer = (edgeName: string, modelName: string) =>
  ({ edgeId: edgeName, edgeName, modelId: modelName, modelName }) as PlanSet['plans'][number]['steps'][number]['offer'];
const chain = resolveChain({ name: 'A sample', steps: ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'] });
const makers = [offer('Server2', 'whisper'), offer('Server1', 'llama'), offer('Server3', 'starter'), offer('Server3', 'motion')];
const seconds = [1.1, 1.4, 0.8, 4.2];

export const sampleTasks: TaskView[] = ['automatic-speech-recognition', 'text-generation', 'text-to-image', 'image-to-video'].map((name) => {
  return taskView(findTask(name));
});

const planned = chain.steps.map((step, index) => {
  const start = seconds.slice(0, index).reduce((sum, one) => sum + one, 0);
  return {
    stepId: step.id,
    task: step.task,
    offer: makers[index] as (typeof makers)[number],
    prediction: prediction(start, seconds[index] as number),
    sharing: [],
  };
});

export const samplePlan: PlanSet = {
  gapSeconds: 0,
  chain,
  plans: [
    { totalSeconds: 7.5, steps: planned },
    { totalSeconds: 8.3, steps: planned.map((step) => (step.stepId === 'text-to-image' ? { ...step, offer: offer('Server1', 'starter') } : step)) },
  ],
  rejected: [
    {
      stepId: 'text-to-image',
      offer: offer('Server1', 'starter'),
      reason: 'slower',
      totalSeconds: 8.3,
      prediction: prediction(2.5, 1.6),
      detail: '0.8 s slower: the image would cross a link of 2 MB/s.',
    },
    {
      stepId: 'text-to-image',
      offer: offer('Server2', 'turbo'),
      reason: 'model-not-ready',
      totalSeconds: null,
      prediction: null,
      detail: 'It is still being pulled.',
    },
  ],
};

const began = '2026-01-01T12:00:00.000Z';
const at = (offsetSeconds: number) => new Date(Date.parse(began) + offsetSeconds * 1000).toISOString();
const step = (index: number, state: StepView['state'], more: Partial<StepView> = {}): StepView => {
  const plan = planned[index] as (typeof planned)[number];
  return {
    id: plan.stepId,
    task: plan.task,
    state,
    parameters: { steps: 20, seed: 7 },
    offer: plan.offer,
    prediction: plan.prediction,
    sharing: [],
    shards: null,
    cached: 0,
    attempts: [],
    outputs: [],
    reused: false,
    startedAt: null,
    endedAt: null,
    error: null,
    notice: null,
    ...more,
  };
};

const failedAttempt: StepView['attempts'][number] = {
  id: '01900000-0000-7000-8000-000000000001' as StepView['attempts'][number]['id'],
  shard: 0,
  edgeId: 'Server2' as EdgeView['id'],
  edgeName: 'Server2',
  modelId: 'starter-diffusion' as StepView['attempts'][number]['modelId'],
  state: 'failed',
  fence: 1,
  queuedAt: at(2.6),
  startedAt: at(2.6),
  endedAt: at(3),
  timings: null,
  error: null,
  log: 'Loading the model: 310 MB free\nThe allocation of 420 MB failed',
};

export const sampleRun: RunView = {
  id: '01900000-0000-7000-8000-000000000000' as RunView['id'],
  name: 'A sample',
  state: 'failed',
  chain,
  plan: samplePlan.plans[0] ?? null,
  planVersion: 1,
  inputs: [],
  steps: [
    step(0, 'succeeded', { startedAt: at(0), endedAt: at(1.3), outputs: [] as OutputView[] }),
    step(1, 'running', { startedAt: at(1.3) }),
    step(2, 'failed', {
      attempts: [failedAttempt],
      startedAt: at(2.6),
      endedAt: at(3),
      error: {
        code: 'out-of-memory',
        message: 'The model needs 420 MB, and 310 MB are free.',
        hint: 'Let this machine use more memory, or use a smaller model.',
      },
    }),
    step(3, 'waiting'),
  ],
  parentRunId: null,
  priority: 0,
  createdAt: began,
  startedAt: began,
  endedAt: at(3),
  error: null,
};

export const sampleEdge: EdgeView = {
  id: 'Server1' as EdgeView['id'],
  name: 'Server1',
  state: 'online',
  local: true,
  info: null,
  transfer: null,
  models: [],
  services: { kinds: [], most: 0 },
  running: 1,
  checking: 0,
  queued: 2,
  queuedSeconds: 4.2,
  joinedAt: began,
  lastSeenAt: began,
};
