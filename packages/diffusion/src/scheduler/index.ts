/**
 * Schedulers: which timesteps a picture visits and how noise is taken away between them.
 * Not here: networks, noise and pictures; a scheduler is arithmetic on flat arrays.
 * Begin with scheduler.ts, then ddim.ts and euler.ts; noise-schedule.ts, sigma-schedule.ts and prediction.ts are what they share.
 */
export { karrasSchedulers, type PredictionType, parseSchedulerConfig, type SchedulerConfig, type SchedulerName, schedulerNames } from './config.ts';
export { createScheduler, type SchedulerOptions, schedulerFor } from './create-scheduler.ts';
export { ddimInversion } from './ddim-inversion.ts';
export { cumulativeAlphas } from './noise-schedule.ts';
export { stepAtShare, stepAtStrength } from './partial-schedule.ts';
export type { Scheduler, SchedulerStep, StepNoise } from './scheduler.ts';
export { seededStepNoise } from './step-noise.ts';
