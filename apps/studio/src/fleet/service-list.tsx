import type { EdgeView, ServiceState, ServiceView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { Square } from 'lucide-react';
import { useState } from 'react';
import { api, client, queries } from '../api/client.ts';
import { Ago } from '../ui/blocks.tsx';
import { IconButton } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { announce, complain } from '../ui/toast.tsx';

const words: Record<ServiceState, { word: string; tone: string }> = {
  waiting: { word: 'waiting', tone: 'text-muted' },
  starting: { word: 'starting', tone: 'text-muted' },
  running: { word: 'running', tone: 'text-good' },
  restarting: { word: 'starting again', tone: 'text-warn' },
  lost: { word: 'starts again when the machine is back', tone: 'text-warn' },
  stopping: { word: 'stopping', tone: 'text-muted' },
  stopped: { word: 'stopped', tone: 'text-muted' },
  failed: { word: 'failed', tone: 'text-bad' },
};

/** The services of a machine: what runs there, since when, and how often it was started again. */
export function ServiceList({ edge, services }: { edge: EdgeView; services: readonly ServiceView[] }) {
  return (
    <section aria-label={`Services on ${edge.name}`} className="mt-5 border-t border-line pt-3">
      <h3 className="text-sm font-semibold">Services</h3>
      <ul className="divide-y divide-line">
        {services.map((service) => (
          <ServiceRow key={service.id} service={service} />
        ))}
      </ul>
    </section>
  );
}

function ServiceRow({ service }: { service: ServiceView }) {
  const [stopping, setStopping] = useState(false);
  const { word, tone } = words[service.state];
  const stop = useMutation({
    mutationFn: () => client.services.stop({ id: service.id }),
    onSuccess: () => {
      announce(`${service.kind} is stopped.`);
      void queries.invalidateQueries({ queryKey: api.services.key() });
    },
    onError: complain,
  });
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 grow">
        <p className="truncate text-sm font-medium">{service.kind}</p>
        <p className="flex flex-wrap gap-x-2 text-xs text-muted">
          <span className={tone}>{word}</span>
          <Ago time={service.readyAt ?? service.createdAt} />
          {service.restarts > 0 && <span>{service.restarts === 1 ? 'started again once' : `started again ${service.restarts} times`}</span>}
          <span>{service.runId ? `of a run of ${service.personName}` : service.personName}</span>
        </p>
        {service.state !== 'running' && service.error && <p className="text-xs break-words text-muted">{service.error.message}</p>}
      </div>
      {service.state !== 'stopping' && (
        <IconButton icon={Square} label={`Stop ${service.kind}`} size="small" busy={stop.isPending} onClick={() => setStopping(true)} />
      )}
      <ConfirmDialog open={stopping} onOpenChange={setStopping} title={`Stop ${service.kind}?`} action="Stop" onConfirm={() => stop.mutate()}>
        Its process ends, and what it holds in memory is gone. What is connected to it is cut.
      </ConfirmDialog>
    </li>
  );
}
