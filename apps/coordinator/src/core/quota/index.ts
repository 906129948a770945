/**
 * What a person's files take of the disks of this studio, and how much that may be.
 * Not here: the reserve that stays free of each disk (packages/artifacts), and what a run makes, which nobody can know before.
 * Begin with quota.ts.
 */
export { Quota } from './quota.ts';
