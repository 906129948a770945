import { useComposition } from '../chain/composer-state.ts';
import { useOtherDrafts } from '../chain/keep-draft.ts';
import { useOutbox } from '../chain/outbox.ts';
import { useStepEdits } from '../run/step-edits.ts';
import { families } from '../task-views/index.ts';
import { counted } from '../units/counted.ts';

/** What somebody began and the studio does not have, in words, such as "2 chains"; it lies in this browser alone. */
export function begunThings(): string[] {
  const { draft, given } = useComposition.getState();
  const chains = useOtherDrafts.getState().drafts.length + (draft.steps.length > 0 ? 1 : 0);
  const files = Object.values(given).filter((one) => one.kind === 'file' && !one.upload).length + onTheirWay();
  return [
    ...counted(chains, 'chain in the composer', 'chains in the composer and its drafts'),
    ...families().flatMap(({ begun }) => begun?.() ?? []),
    ...counted(useStepEdits.getState().edits.length, 'edited step', 'edited steps'),
    ...counted(useOutbox.getState().waiting.length, 'run that waits to be sent', 'runs that wait to be sent'),
    ...counted(files, 'file that is not uploaded yet', 'files that are not uploaded yet'),
  ];
}

const onTheirWay = () => families().reduce((sum, { filesOnTheirWay }) => sum + (filesOnTheirWay?.() ?? 0), 0);
