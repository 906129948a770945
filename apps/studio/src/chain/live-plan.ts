import { isUnanswered } from '@atelier/client';
import type { OutputId } from '@atelier/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/client.ts';
import type { Composition, Given } from './composer-state.ts';
import { chainOf } from './draft.ts';

type PlanRequest = Parameters<typeof api.plan.call>[0];

/** What the plan depends on; it changes only some time after the last stroke. */
function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}

/**
 * The plan of the chain as it stands, asked again shortly after each change and every few seconds, since machines come and go.
 * @param sound false if a parameter is out of its bounds: the last plan stays then
 */
export function useLivePlan(composition: Composition, sound: boolean) {
  const key = useSettled(JSON.stringify(requestOf(composition)), 200);
  const request = JSON.parse(key) as PlanRequest;
  return useQuery(
    api.plan.queryOptions({
      input: request,
      enabled: sound && (request.chain as { steps: unknown[] }).steps.length > 0,
      placeholderData: keepPreviousData,
      refetchInterval: 15_000,
    }),
  );
}

function requestOf({ draft, given }: Composition): PlanRequest {
  const sizes = Object.entries(given).map(([name, one]) => [name, bytesOf(one)] as const);
  const known = Object.entries(given).flatMap(([name, one]) => {
    const outputId = outputOf(one);
    return outputId ? [[name, { outputId }] as const] : [];
  });
  return { chain: chainOf(draft), inputs: Object.fromEntries(known), inputBytes: Object.fromEntries(sizes) };
}

/** What the coordinator has read already, and so knows the length or the size of. */
function outputOf(given: Given): OutputId | undefined {
  if (given.kind === 'text') return undefined;
  return given.kind === 'file' ? given.upload?.outputId : given.outputId;
}

function bytesOf(given: Given): number {
  if (given.kind === 'text') return new TextEncoder().encode(given.text).length;
  return given.kind === 'file' ? given.file.size : given.sizeBytes;
}

export type LivePlan = ReturnType<typeof useLivePlan>;

/** Whether what is planned can run. Without the studio there is no plan, but the run may wait for it. */
export const canRun = (plan: LivePlan) => !plan.isError || isUnanswered(plan.error);
