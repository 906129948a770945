import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client.ts';
import { useMe } from '../api/session.ts';
import { AddMachineDialog } from '../fleet/add-machine-dialog.tsx';
import { DoubleChecks } from '../fleet/double-checks.tsx';
import { LinkMatrix } from '../fleet/link-matrix.tsx';
import { MachineCard } from '../fleet/machine-card.tsx';
import { Empty, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

/** `Server2` before `Server10`, and always in the same place, whichever joined first. */
const byName = (one: { name: string }, other: { name: string }) => one.name.localeCompare(other.name, 'en', { numeric: true });

/** The machines, what they offer, and how fast they reach each other. */
export function Component() {
  const [adding, setAdding] = useState(false);
  const owner = useMe().data?.role === 'owner';
  const edges = useQuery(api.edges.list.queryOptions({ refetchInterval: 2_000 }));
  const models = useQuery(api.models.queryOptions({ refetchInterval: 10_000 }));
  const services = useQuery(api.services.list.queryOptions({ input: {}, refetchInterval: 2_000 }));
  const links = useQuery(api.edges.links.queryOptions({ refetchInterval: 10_000 }));
  const standing = edges.data?.filter((edge) => edge.state !== 'revoked').sort(byName) ?? [];
  const add = (
    <Button look="primary" icon={Plus} onClick={() => setAdding(true)}>
      Add a machine
    </Button>
  );
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">Fleet</h1>
          <p className="mt-1 text-base text-muted">Machines that run steps. Each offers the models that it holds.</p>
        </div>
        {owner && add}
      </div>
      {edges.isError && !edges.data ? (
        <Problem error={edges.error} onRetry={() => void edges.refetch()} className="mt-6" />
      ) : edges.isPending ? (
        <div role="status" aria-label="Loading the fleet" className="mt-6 grid gap-4 lg:grid-cols-2">
          <Skeleton className="h-96 rounded-2xl" />
          <Skeleton className="h-96 rounded-2xl" />
        </div>
      ) : standing.length === 0 ? (
        <Empty title="No machine has joined" picture={<NoMachines />} action={owner ? add : undefined}>
          Atelier starts one on this computer by itself. Join others with one command each; they dial out, so nothing has to be opened.
        </Empty>
      ) : (
        <div className="mt-6 grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
          {standing.map((edge) => (
            <MachineCard
              key={edge.id}
              edge={edge}
              catalogue={models.data ?? []}
              services={services.data?.filter(({ edgeId }) => edgeId === edge.id) ?? []}
              owner={owner}
            />
          ))}
        </div>
      )}
      {links.data && links.data.length > 0 && <LinkMatrix links={links.data} edges={standing} />}
      {owner && standing.length > 0 && <DoubleChecks />}
      {adding && <AddMachineDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function NoMachines() {
  return (
    <svg width="180" height="90" viewBox="0 0 180 90" fill="none" className="stroke-line-strong" strokeWidth="1.5" aria-hidden>
      <rect x="6" y="26" width="52" height="38" rx="6" />
      <rect x="122" y="26" width="52" height="38" rx="6" strokeDasharray="4 4" />
      <path d="M58 45h64" strokeDasharray="2 5" strokeLinecap="round" />
      <circle cx="18" cy="38" r="2.5" />
    </svg>
  );
}
