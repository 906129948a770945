import type { EdgeView, ModelView, ServiceView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { CircleCheck, CircleDashed, CirclePause, CircleSlash, Download, type LucideIcon, MoreHorizontal, Pause, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, client, queries } from '../api/client.ts';
import { Ago, Card } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { formatBytes } from '../units/bytes.ts';
import { formatSeconds } from '../units/time.ts';
import { LargerModels } from './larger-models.tsx';
import { ModelRow } from './model-row.tsx';
import { ServiceList } from './service-list.tsx';

const states: Record<EdgeView['state'], { word: string; icon: LucideIcon; tone: string }> = {
  online: { word: 'Online', icon: CircleCheck, tone: 'text-good' },
  draining: { word: 'Finishing', icon: CirclePause, tone: 'text-warn' },
  away: { word: 'Away', icon: CircleDashed, tone: 'text-muted' },
  revoked: { word: 'Revoked', icon: CircleSlash, tone: 'text-bad' },
};

const changed = () => {
  void queries.invalidateQueries({ queryKey: api.edges.key() });
  void queries.invalidateQueries({ queryKey: api.models.key() });
};

interface MachineCardProps {
  edge: EdgeView;
  catalogue: readonly ModelView[];
  /** Those of this machine that the viewer may see. */
  services: readonly ServiceView[];
  owner: boolean;
}

/** A machine: its state and devices, what runs on it, its models and its services. */
export function MachineCard({ edge, catalogue, services, owner }: MachineCardProps) {
  const { word, icon: Icon, tone } = states[edge.state];
  return (
    <Card aria-label={edge.name} className={`min-w-0 p-5 sm:p-6 ${edge.state === 'away' ? 'border-dashed' : ''}`}>
      <header className="flex items-start gap-3">
        <div className="min-w-0 grow">
          <h2 className="truncate text-lg font-semibold">{edge.name}</h2>
          <p className="flex flex-wrap items-center gap-x-3 text-sm text-muted">
            <span className={`inline-flex items-center gap-1.5 font-medium ${tone}`}>
              <Icon aria-hidden className="size-4" />
              {word}
            </span>
            {edge.local && <span>on this computer</span>}
            {edge.info?.simulated && <span>simulated link</span>}
            {edge.state === 'away' && edge.lastSeenAt && (
              <span>
                last seen <Ago time={edge.lastSeenAt} />
              </span>
            )}
          </p>
        </div>
        <p className="number shrink-0 pt-1 text-sm text-muted">{load(edge)}</p>
        {owner && <MachineMenu edge={edge} />}
      </header>
      {edge.info && <Facts info={edge.info} />}
      {edge.transfer?.reason && <TransferAddress edge={edge} owner={owner} />}
      <section aria-label={`Models on ${edge.name}`} className="mt-5 border-t border-line pt-3">
        <div className="flex items-center justify-between">
          <h3 className="text-sm font-semibold">Models</h3>
          {owner && <PullMenu edge={edge} catalogue={catalogue} />}
        </div>
        {edge.models.length === 0 && <p className="py-2 text-sm text-muted">None yet. Pull one to use this machine.</p>}
        <ul className="divide-y divide-line">
          {edge.models.map((model) => (
            <ModelRow key={model.manifest.id} edge={edge} model={model} owner={owner} onChange={changed} />
          ))}
        </ul>
      </section>
      {services.length > 0 && <ServiceList edge={edge} services={services} />}
    </Card>
  );
}

function load(edge: EdgeView): string {
  if (edge.running + edge.queued === 0) return edge.checking > 0 ? 'checking a result' : edge.state === 'online' ? 'idle' : '';
  const wait = edge.queued > 0 ? `, ${edge.queued} queued${edge.queuedSeconds > 0 ? ` (${formatSeconds(edge.queuedSeconds)})` : ''}` : '';
  return `${edge.running} running${wait}`;
}

function Facts({ info }: { info: NonNullable<EdgeView['info']> }) {
  const facts: Array<[string, string]> = [
    ['Processor', `${info.cpu}, ${info.cores} ${info.cores === 1 ? 'core' : 'cores'}`],
    ['System', info.platform],
    ['Slots', `${info.slots}`],
    ['Memory', `${formatBytes(info.memoryBytes)}, ${formatBytes(info.modelMemoryBytes)} for models`],
    ['Disk free', formatBytes(info.diskFreeBytes)],
  ];
  if (info.position) facts.push(['Position', `${info.position.latitude.toFixed(1)}°, ${info.position.longitude.toFixed(1)}°`]);
  const devices = Map.groupBy(info.devices, ({ device, reason }) => (reason ? `${device}: ${reason}` : device));
  return (
    <dl className="mt-4 grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1 text-sm sm:grid-cols-[9rem_minmax(0,1fr)]">
      {facts.map(([term, value]) => (
        <FactRow key={term} term={term} value={value} />
      ))}
      {[...devices].map(([where, drivers]) => (
        <FactRow key={where} term={drivers.map((one) => one.driver).join(', ')} value={where} />
      ))}
    </dl>
  );
}

/** Says why other machines do not fetch from this one, and lets an owner allow it. */
function TransferAddress({ edge, owner }: { edge: EdgeView; owner: boolean }) {
  const confirm = useMutation({
    mutationFn: (url: string) => client.edges.confirmAddress({ id: edge.id, url }),
    onSuccess: () => {
      announce(`Other machines fetch from ${edge.name} now.`);
      changed();
    },
    onError: complain,
  });
  const { transfer } = edge;
  if (!transfer) return null;
  return (
    <div className="mt-3 flex flex-wrap items-center justify-between gap-2 text-sm text-muted">
      <p className="min-w-0 grow basis-64 break-words">{transfer.reason} Its results go through the studio.</p>
      {owner && transfer.state === 'unconfirmed' && (
        <Button look="quiet" size="small" busy={confirm.isPending} onClick={() => confirm.mutate(transfer.url)}>
          Confirm address
        </Button>
      )}
    </div>
  );
}

function FactRow({ term, value }: { term: string; value: string }) {
  return (
    <>
      <dt className="max-w-36 text-muted">{term}</dt>
      <dd className="min-w-0 break-words">{value}</dd>
    </>
  );
}

function MachineMenu({ edge }: { edge: EdgeView }) {
  const [revoking, setRevoking] = useState(false);
  const drain = useMutation({ mutationFn: (on: boolean) => client.edges.drain({ id: edge.id, on }), onSuccess: changed, onError: complain });
  const setDrain = (on: boolean) => {
    drain.mutate(on);
    announce(on ? `${edge.name} finishes what it runs and takes no more.` : `${edge.name} takes steps again.`, () => drain.mutate(!on));
  };
  const revoke = useMutation({
    mutationFn: () => client.edges.revoke({ id: edge.id }),
    onSuccess: () => {
      announce(`${edge.name} is revoked.`);
      changed();
    },
    onError: complain,
  });
  return (
    <>
      <Menu trigger={<IconButton icon={MoreHorizontal} label={`More about ${edge.name}`} className="-mt-1 -mr-2" />}>
        {edge.state === 'draining' ? (
          <MenuItem icon={Play} onSelect={() => setDrain(false)} hint="Let it take steps again">
            Resume
          </MenuItem>
        ) : (
          <MenuItem icon={Pause} disabled={edge.state !== 'online'} onSelect={() => setDrain(true)} hint="Finish what runs, take no more">
            Drain
          </MenuItem>
        )}
        <MenuItem icon={Trash2} danger onSelect={() => setRevoking(true)} hint="Its key stops working permanently">
          Revoke
        </MenuItem>
      </Menu>
      <ConfirmDialog open={revoking} onOpenChange={setRevoking} title={`Revoke ${edge.name}?`} action="Revoke" onConfirm={() => revoke.mutate()}>
        It loses access permanently and has to join again with a new token. Steps that it runs are planned again on other machines. Its results are kept.
      </ConfirmDialog>
    </>
  );
}

/** Models of the catalogue that this machine does not hold. */
function PullMenu({ edge, catalogue }: { edge: EdgeView; catalogue: readonly ModelView[] }) {
  const held = new Set(edge.models.filter((model) => model.state !== 'absent' && model.state !== 'failed').map((model) => model.manifest.id));
  const others = catalogue.filter((model) => !held.has(model.manifest.id));
  const pull = useMutation({ mutationFn: (modelId: string) => client.edges.pullModel({ id: edge.id, modelId }), onSuccess: changed, onError: complain });
  const why = edge.state === 'away' ? 'It is away.' : others.length === 0 ? 'It has every model of the catalogue.' : null;
  if (why) {
    return (
      <p className="flex flex-wrap items-center justify-end gap-x-2 text-sm text-muted">
        {why} {others.length === 0 && <LargerModels words="Get a larger one" />}
      </p>
    );
  }
  const trigger = (
    <Button look="quiet" size="small" icon={Download} aria-label={`Pull a model onto ${edge.name}`} busy={pull.isPending}>
      Pull a model
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuLabel>Catalogue</MenuLabel>
      <div className="w-80">
        {others.map(({ manifest, downloadBytes }) => (
          <MenuItem key={manifest.id} onSelect={() => pull.mutate(manifest.id)} hint={`${formatBytes(downloadBytes)}. ${manifest.summary}`}>
            {manifest.title}
          </MenuItem>
        ))}
      </div>
    </Menu>
  );
}
