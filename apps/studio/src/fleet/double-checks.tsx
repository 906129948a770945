import { type DisagreementView, type DoubleChecksView, type EdgeId, limits } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, client, queries } from '../api/client.ts';
import { Ago, Card } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Select } from '../ui/select.tsx';
import { announce, complain } from '../ui/toast.tsx';

const shares = [0, 1, 5, 10, 25, 50, 100];
const shareName = (percent: number) => (percent === 0 ? 'Off' : `${percent} %`);
const keep = (view: DoubleChecksView) => queries.setQueryData(api.doubleChecks.get.queryKey(), view);

/** For owners: which share of results a second machine computes again, and where the two differ. */
export function DoubleChecks() {
  const { data } = useQuery(api.doubleChecks.get.queryOptions({ refetchInterval: 10_000 }));
  const set = useMutation({ mutationFn: (percent: number) => client.doubleChecks.set({ percent }), onSuccess: keep, onError: complain });
  if (!data) return null;
  const { percent, waiting, open, disagreements, edges } = data;
  const options = [...new Set([...shares, percent])].sort((a, b) => a - b).map((share) => ({ value: `${share}`, label: shareName(share) }));
  const compared = edges.map(({ edgeName, compared: count }) => `${edgeName} ${count}`).join(', ');
  return (
    <Card aria-label="Double checks" className="mt-6 p-5 sm:p-6">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 grow basis-72">
          <h2 className="text-lg font-semibold">Double checks</h2>
          <p className="mt-1 text-sm text-muted text-pretty">
            Lets a second machine compute a share of the results again, when it is idle, to find machines that answer wrongly. Only machines with the same model
            files, release, system and kind of device are compared.
          </p>
        </div>
        <div className="w-28 shrink-0">
          <Select label="Share of results that is computed twice" value={`${percent}`} onChange={(share) => set.mutate(Number(share))} options={options} />
        </div>
      </div>
      {percent > 0 && (
        <p className="mt-3 text-sm text-muted">
          {edges.length > 0 && `Came out the same: ${compared}.`}
          {waiting > 0 && ` ${waiting} waiting${waiting >= limits.doubleChecksWaiting ? ', which is the most: others are left out' : ''}.`}
          {open >= limits.openDisagreements && ' Nothing more is checked until some disagreements are decided.'}
        </p>
      )}
      {disagreements.length > 0 && (
        <ul className="mt-4 divide-y divide-line border-t border-line">
          {disagreements.map((one) => (
            <Disagreement key={one.id} disagreement={one} />
          ))}
        </ul>
      )}
      {open > disagreements.length && <p className="mt-3 text-sm text-muted">{open - disagreements.length} older ones appear when these are decided.</p>}
    </Card>
  );
}

function Disagreement({ disagreement }: { disagreement: DisagreementView }) {
  const { id, task, modelId, runId, createdAt, maker, checker } = disagreement;
  const dismiss = useMutation({ mutationFn: () => client.doubleChecks.dismiss({ id }), onSuccess: keep, onError: complain });
  const names = `${maker.edgeName} and ${checker.edgeName}`;
  return (
    <li aria-label={`${names} differ`} className="py-4 text-sm">
      <p className="flex items-start gap-2">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
        <span className="min-w-0">
          <span className="font-medium">{names} made different results</span> of the same {task} step with {modelId}
          {runId && (
            <>
              {' '}
              in{' '}
              <Link to={`/runs/${runId}`} className="underline">
                this run
              </Link>
            </>
          )}
          , <Ago time={createdAt} />. Neither is used for later runs until you decide.
          {maker.processor !== checker.processor && ' Their processors differ, which may explain it.'}
        </span>
      </p>
      <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1 pl-6">
        <Side side={maker} did="made it first" />
        <Side side={checker} did="checked it" />
      </dl>
      <div className="mt-3 flex flex-wrap gap-2 pl-6">
        <Button size="small" busy={dismiss.isPending} onClick={() => dismiss.mutate()} aria-label={`Dismiss: ${names} differ`}>
          Dismiss
        </Button>
        <Revoke edgeId={maker.edgeId} name={maker.edgeName} />
        <Revoke edgeId={checker.edgeId} name={checker.edgeName} />
      </div>
    </li>
  );
}

function Side({ side, did }: { side: DisagreementView['maker']; did: string }) {
  const values = Object.entries(side.values).flatMap(([port, hashes]) => hashes.map((hash) => `${port} ${hash}`));
  return (
    <>
      <dt className="text-muted">{side.edgeName}</dt>
      <dd className="min-w-0">
        <span className="text-muted">{[did, side.device, side.processor].filter(Boolean).join(', ')}</span>
        {values.map((value) => (
          <span key={value} title={`SHA-256 of ${value}`} className="number block truncate text-xs">
            {value}
          </span>
        ))}
      </dd>
    </>
  );
}

function Revoke({ edgeId, name }: { edgeId: EdgeId; name: string }) {
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => client.edges.revoke({ id: edgeId }),
    onSuccess: () => {
      announce(`${name} is revoked.`);
      void queries.invalidateQueries({ queryKey: api.edges.key() });
      void queries.invalidateQueries({ queryKey: api.doubleChecks.key() });
    },
    onError: complain,
  });
  return (
    <>
      <Button size="small" look="quiet" busy={revoke.isPending} onClick={() => setAsking(true)}>
        Revoke {name}
      </Button>
      <ConfirmDialog open={asking} onOpenChange={setAsking} title={`Revoke ${name}?`} action="Revoke" onConfirm={() => revoke.mutate()}>
        It loses access permanently and has to join again with a new token. What it made answers no later run; results in runs and the gallery are kept.
      </ConfirmDialog>
    </>
  );
}
