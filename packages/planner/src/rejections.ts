import type { Plan, Prediction, RejectedOffer } from '@atelier/protocol';
import type { Bounds } from './bounds.ts';
import type { Candidate, Found, Problem, ProblemStep } from './problem.ts';
import { type Binding, predictionOf } from './schedule.ts';
import { resolution } from './search.ts';
import { type Through, throughEach } from './through.ts';

/** Every usable offer that is not in the best plan, each with its own best total and one sentence why it lost; quickest first within a step. */
export function slowerOffers(problem: Problem, bounds: Bounds, best: Found, plan: Plan): RejectedOffer[] {
  const through = throughEach(problem, bounds, best.binding);
  return problem.steps.flatMap((step, number) => {
    const chosen = best.binding[number] as number;
    const lost = step.candidates.flatMap((_, choice) =>
      choice === chosen ? [] : withTeam(step, choice, rejection(problem, best, plan, number, choice, through(number, choice))),
    );
    return lost.sort((a, b) => (a.totalSeconds as number) - (b.totalSeconds as number));
  });
}

/** Edges that would share the step with a model that lost have lost with it. */
function withTeam(step: ProblemStep, choice: number, lost: RejectedOffer): RejectedOffer[] {
  const { offer, team } = step.candidates[choice] as Candidate;
  const others = (team?.members ?? []).map((member) => member.offer.offer).filter((other) => other.edgeId !== offer.edgeId);
  return [lost, ...others.map((other) => ({ ...lost, offer: other }))];
}

function rejection(problem: Problem, best: Found, plan: Plan, number: number, choice: number, through: Through): RejectedOffer {
  const step = problem.steps[number] as ProblemStep;
  const candidate = step.candidates[choice] as Candidate;
  const prediction = predictionOf(problem, through.binding, number, through.timing);
  // A total may come out a rounding error below the best one.
  const totalSeconds = Math.max(through.totalSeconds, best.totalSeconds);
  const late = totalSeconds - best.totalSeconds;
  const winner = step.candidates[best.binding[number] as number] as Candidate;
  const detail =
    late <= resolution * 2
      ? equalTotal(candidate, winner)
      : `${seconds(late)} slower: ${whySlower(problem, number, through.binding, prediction, plan.steps[number]?.prediction as Prediction, late)}.`;
  return { stepId: step.id, offer: candidate.offer, reason: 'slower', totalSeconds, prediction, detail };
}

function equalTotal(candidate: Candidate, winner: Candidate): string {
  const difference = winner.manifest.quality - candidate.manifest.quality;
  if (difference > 0) return `As quick, but ${winner.offer.modelName} is ranked better in quality.`;
  return `As quick; between equals the choice goes by quality, then by name.`;
}

/** Names the part that costs most more than in the best plan. */
function whySlower(problem: Problem, number: number, binding: Binding, own: Prediction, best: Prediction, late: number): string {
  const run = own.runSeconds - best.runSeconds;
  const load = own.loadSeconds - best.loadSeconds;
  const queue = own.queueSeconds - best.queueSeconds;
  const transfer = own.transferSeconds - best.transferSeconds;
  const around = late - run - load - queue - transfer;
  const most = Math.max(run, load, queue, transfer, around);
  if (most === run) return `the step itself takes ${seconds(own.runSeconds)} instead of ${seconds(best.runSeconds)}${guess(own)}`;
  if (most === load) return `the model would have to be read into memory, ${seconds(own.loadSeconds)}`;
  if (most === queue) return `other work waits ahead of it, ${seconds(own.queueSeconds)}`;
  if (most === transfer) return `bringing ${bytes(own.transferBytes)} to it takes ${seconds(own.transferSeconds)}`;
  return elsewhere(problem, number, binding);
}

function guess(prediction: Prediction): string {
  if (prediction.basis === 'measured') return '';
  return prediction.basis === 'borrowed' ? ', going by other edges' : ', a guess as nothing is measured yet';
}

function elsewhere(problem: Problem, number: number, binding: Binding): string {
  const step = problem.steps[number] as ProblemStep;
  const edge = step.edge[binding[number] as number];
  const away = step.readers.find((reader) => (problem.steps[reader] as ProblemStep).edge[binding[reader] as number] !== edge);
  if (away === undefined) return 'the steps around it would take longer';
  const read = problem.steps[away]?.reads.find((one) => one.from === number);
  return `its result, ${bytes(read?.bytes[binding[number] as number] ?? 0)}, would then have to cross to ${problem.steps[away]?.candidates[binding[away] as number]?.offer.edgeName}`;
}

function seconds(value: number): string {
  if (value < 0.001) return 'under 1 ms';
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  return value < 10 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
}

function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`;
  if (value < 1e6) return `${Math.round(value / 1000)} kB`;
  return `${(value / 1e6).toFixed(1)} MB`;
}
