import type { Modality } from '@atelier/protocol';
import type { ReactNode } from 'react';
import { ModalityTag } from '../ui/modality.tsx';
import { type GraphNode, type LaneLine, laneCount, lanesOf } from './lanes.ts';

const laneWidth = 18;
const rowHeight = 44;
const middle = rowHeight / 2;
const x = (lane: number) => laneWidth / 2 + lane * laneWidth;

interface LaneGraphProps {
  nodes: readonly GraphNode[];
  nameOf: (id: string) => string;
  modalityOf: (id: string) => Modality;
  /** What stands for a step, and behind what it reads; null for an input of the chain, which is shown by its name. */
  children: (id: string) => { step: ReactNode; state?: ReactNode } | null;
}

/** A chain with branches: a row for each input and step, and at the left the lines that say who feeds whom. */
export function LaneGraph({ nodes, nameOf, modalityOf, children }: LaneGraphProps) {
  const rows = lanesOf(nodes);
  const sources = new Map(nodes.map(({ id, reads }) => [id, reads.map(nameOf).join(', ')]));
  const width = laneCount(rows) * laneWidth;
  return (
    <ol aria-label="Steps" className="flex flex-col">
      {rows.map((row) => (
        <li key={row.id} data-modality={modalityOf(row.id)} className="flex min-w-0 items-center gap-2" style={{ minHeight: rowHeight }}>
          <svg aria-hidden width={width} height={rowHeight} className="shrink-0 self-start overflow-visible" fill="none">
            {row.lines.map((line) => (
              <path
                key={`${line.kind} ${line.source}`}
                data-modality={modalityOf(line.source)}
                d={pathOf(line)}
                className="stroke-hue"
                strokeWidth={2}
                opacity={0.7}
              />
            ))}
            <circle cx={x(row.lane)} cy={middle} r={4.5} className="fill-hue" />
          </svg>
          <LaneLabel
            from={sources.get(row.id) ?? ''}
            {...(children(row.id) ?? { step: <ModalityTag modality={modalityOf(row.id)}>{nameOf(row.id)}</ModalityTag> })}
          />
        </li>
      ))}
    </ol>
  );
}

function LaneLabel({ step, from, state }: { step: ReactNode; from: string; state?: ReactNode }) {
  return (
    <div className="flex min-w-0 grow items-center gap-3">
      {step}
      <span className="min-w-0 grow truncate text-sm text-muted">{from !== '' && `from ${from}`}</span>
      {state}
    </div>
  );
}

function pathOf({ kind, from, to }: LaneLine): string {
  if (kind === 'through') return `M${x(from)} 0V${rowHeight}`;
  if (kind === 'out') return `M${x(from)} ${middle}V${rowHeight}`;
  return from === to ? `M${x(from)} 0V${middle}` : `M${x(from)} 0C${x(from)} ${middle} ${x(from)} ${middle} ${x(to)} ${middle}`;
}
