import { differingModel, type EdgeModelView, type EdgeView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, CircleDashed, Trash2, TriangleAlert, Zap } from 'lucide-react';
import { useState } from 'react';
import { client } from '../api/client.ts';
import { ProgressBar } from '../ui/blocks.tsx';
import { Button, IconButton, Tip } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { formatBytes } from '../units/bytes.ts';

interface ModelRowProps {
  edge: EdgeView;
  model: EdgeModelView;
  owner: boolean;
  onChange: () => void;
}

/** A model on a machine: whether it can be used, how large it is, and how far its pull is. */
export function ModelRow({ edge, model, owner, onChange }: ModelRowProps) {
  const [removing, setRemoving] = useState(false);
  const { manifest, pull } = model;
  const remove = useMutation({
    mutationFn: () => client.edges.removeModel({ id: edge.id, modelId: manifest.id }),
    onSuccess: () => {
      const back = () => void client.edges.pullModel({ id: edge.id, modelId: manifest.id }).then(onChange, complain);
      announce(`${manifest.title} is removed from ${edge.name}.`, back);
      onChange();
    },
    onError: complain,
  });
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 grow">
        <p className="flex items-center gap-2 text-sm">
          <Tip text={`${manifest.summary} Licence: ${manifest.licence}.`}>
            <span className="truncate font-medium">{manifest.title}</span>
          </Tip>
          {model.loaded && (
            <span className="inline-flex items-center gap-1 text-xs text-good">
              <Zap aria-hidden className="size-3.5" />
              loaded
            </span>
          )}
        </p>
        <p className="truncate text-xs text-muted">{manifest.tasks.join(', ')}</p>
        {pull && (
          <ProgressBar fraction={pull.totalBytes > 0 ? pull.doneBytes / pull.totalBytes : null} label={`Pulling ${manifest.title}`} className="mt-1.5" />
        )}
        {model.standing === 'differs' && !pull && <Differs edge={edge} model={model} owner={owner} onChange={onChange} />}
      </div>
      <ModelState model={model} />
      {owner && (
        <IconButton icon={Trash2} label={`Remove ${manifest.title} from ${edge.name}`} size="small" busy={remove.isPending} onClick={() => setRemoving(true)} />
      )}
      <ConfirmDialog open={removing} onOpenChange={setRemoving} title={`Remove ${manifest.title}?`} action="Remove" onConfirm={() => remove.mutate()}>
        {edge.name} deletes its files ({formatBytes(model.diskBytes)}) and offers it no more. It can be pulled again at any time.
      </ConfirmDialog>
    </li>
  );
}

/** Says that this is not the catalogue's model, what follows from that, and lets an owner bring the right one. */
function Differs({ edge, model, owner, onChange }: ModelRowProps) {
  const { id, title } = model.manifest;
  const pull = useMutation({ mutationFn: () => client.edges.pullModel({ id: edge.id, modelId: id }), onSuccess: onChange, onError: complain });
  return (
    <div className="mt-1.5 rounded-lg bg-raised px-3 py-2 text-sm">
      <p className="flex items-start gap-2">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
        <span className="min-w-0">
          {differingModel.message} {differingModel.hint}
        </span>
      </p>
      {owner && edge.state !== 'away' && (
        <Button size="small" className="mt-2" busy={pull.isPending} onClick={() => pull.mutate()} aria-label={`Pull ${title} onto ${edge.name} again`}>
          Pull again
        </Button>
      )}
    </div>
  );
}

function ModelState({ model }: { model: ModelRowProps['model'] }) {
  if (model.pull) {
    return (
      <span className="number shrink-0 text-xs text-muted">
        {formatBytes(model.pull.doneBytes)} of {formatBytes(model.pull.totalBytes)}
      </span>
    );
  }
  if (model.state === 'failed') {
    return (
      <Tip text={`${model.error?.message ?? ''} ${model.error?.hint ?? ''}`}>
        <span className="inline-flex shrink-0 items-center gap-1.5 text-sm text-bad">
          <CircleAlert aria-hidden className="size-4" />
          Failed
        </span>
      </Tip>
    );
  }
  const ready = model.state === 'ready';
  const Icon = ready ? CircleCheck : CircleDashed;
  return (
    <span className={`inline-flex shrink-0 items-center gap-1.5 text-sm ${ready ? 'text-muted' : 'text-faint'}`}>
      <span className="number text-xs">{ready ? formatBytes(model.diskBytes) : 'Absent'}</span>
      <Icon aria-label={ready ? 'Ready' : 'Not there'} className={`size-4 ${ready ? 'text-good' : ''}`} />
    </span>
  );
}
