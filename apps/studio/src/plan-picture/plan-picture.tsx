import type { Plan, PlannedStep, RejectedOffer, ResolvedChain, StepState, TaskView } from '@atelier/protocol';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { byName, makes } from '../chain/draft.ts';
import { formatSeconds } from '../units/time.ts';
import { type Dot, type Link, layOut, type Picture, sizes } from './layout.ts';
import { OfferCard } from './offer-card.tsx';

/** How far a step is, for the line that fills. */
export interface StepProgress {
  readonly state: StepState;
  readonly fraction: number;
}

interface PlanPictureProps {
  chain: ResolvedChain;
  plans: readonly Plan[];
  rejected: readonly RejectedOffer[];
  tasks: readonly TaskView[];
  /** Where it runs or ran: by the step's name. */
  progress?: Readonly<Record<string, StepProgress>>;
}

/** The plan as a picture: columns are steps, rows are machines, dots are offers, the thick line is what was chosen. */
export function PlanPicture({ chain, plans, rejected, tasks, progress }: PlanPictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [shown, setShown] = useState<string | null>(null);
  const picture = useMemo(() => layOut({ chain, plans, rejected }, width), [chain, plans, rejected, width]);
  const dot = picture.dots.find((one) => one.key === shown);
  const hue = (stepId: string) => `var(--${makes(byName(tasks, chain.steps.find((step) => step.id === stepId)?.task ?? ''))}-hue)`;
  const inputHue = `var(--${Object.values(chain.inputs)[0]?.modality ?? 'tensor'}-hue)`;
  return (
    <div ref={box} className="relative min-w-0">
      <div className="overflow-x-auto">
        {/* biome-ignore lint/a11y/useSemanticElements: an SVG drawing cannot be a fieldset. */}
        <svg width={picture.width} height={picture.height} className="block" role="group" aria-label={sentence(plans[0])}>
          <Grid picture={picture} tasks={tasks} />
          {picture.links.map((link) => (
            <LinkLine
              key={link.key}
              link={link}
              from={link.from === null ? inputHue : hue(link.from)}
              to={hue(link.to)}
              progress={progress}
              lit={dot?.standing === 'runner-up' && link.rank > 0}
            />
          ))}
          {picture.links.some((link) => link.rank === 0 && link.from === null) && (
            <circle cx={picture.start.x} cy={picture.start.y} r={5} style={{ fill: inputHue }} />
          )}
          {picture.kept.map((one) => (
            <g key={one.stepId}>
              <title>{`${one.stepId}: taken over from an earlier run`}</title>
              <circle cx={one.x} cy={one.y} r={7} className="stroke-surface" strokeWidth={3} style={{ fill: hue(one.stepId) }} />
              <text x={one.x} y={one.y + 26} textAnchor="middle" className="fill-muted text-xs">
                kept
              </text>
            </g>
          ))}
          {picture.dots.map((one) => (
            <OfferDot key={one.key} dot={one} hue={hue(one.stepId)} active={one.key === shown} state={progress?.[one.stepId]?.state} onShow={setShown} />
          ))}
        </svg>
      </div>
      {dot && <OfferCard dot={dot} best={plans[0]?.totalSeconds ?? null} width={Math.min(width, picture.width)} />}
    </div>
  );
}

/** "Server1", or "Server1, Server2 and Workshop together" for a step that they share. */
export function machinesOf({ offer, sharing }: PlannedStep): string {
  const names = [offer.edgeName, ...sharing.map((share) => share.offer.edgeName).filter((name) => name !== offer.edgeName)];
  return names.length === 1 ? offer.edgeName : `${names.slice(0, -1).join(', ')} and ${names.at(-1)} together`;
}

/** The seed's form of the plan, for those who do not see it. */
function sentence(plan: Plan | undefined): string {
  if (!plan) return 'No plan yet';
  const steps = plan.steps.map(
    (step) => `${step.offer.modelName} on ${machinesOf(step)}, ${formatSeconds(step.prediction.endSeconds - step.prediction.startSeconds)}`,
  );
  return `Plan: ${steps.join('; ')}. About ${formatSeconds(plan.totalSeconds)} in all.`;
}

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(560);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}

function Grid({ picture, tasks }: { picture: Picture; tasks: readonly TaskView[] }) {
  const characters = Math.max(8, Math.floor(picture.columnWidth / 6.4));
  return (
    <g>
      {picture.rows.map((row) => (
        <g key={row.edgeId}>
          <line x1={0} x2={picture.width} y1={row.top} y2={row.top} className="stroke-line" />
          <text
            x={0}
            y={picture.narrow ? row.top + 15 : row.top + row.height / 2 - 2}
            className={picture.narrow ? 'fill-muted text-xs' : 'fill-ink text-sm font-medium'}
          >
            {shorten(row.name, picture.narrow ? 40 : 13)}
          </text>
        </g>
      ))}
      {picture.columns.map((column) => {
        const title = byName(tasks, column.task)?.title ?? column.task;
        const lines = title.length > characters ? twoLines(title) : [title];
        return (
          <text key={column.stepId} x={column.x} textAnchor="middle" className="fill-muted text-xs font-medium">
            <title>{column.stepId}</title>
            {lines.map((line, index) => (
              <tspan key={line} x={column.x} y={sizes.head - 14 - (lines.length - 1 - index) * 14}>
                {shorten(line, characters)}
              </tspan>
            ))}
          </text>
        );
      })}
    </g>
  );
}

/** A title in two lines, broken at the gap nearest to its middle. */
function twoLines(title: string): string[] {
  const gaps = [...title.matchAll(/[ -]/g)].map((match) => match.index);
  const middle = gaps.sort((a, b) => Math.abs(a - title.length / 2) - Math.abs(b - title.length / 2))[0];
  return middle === undefined ? [title] : [title.slice(0, middle), title.slice(middle + 1)];
}

const shorten = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

interface LinkLineProps {
  link: Link;
  from: string;
  to: string;
  progress: PlanPictureProps['progress'];
  lit: boolean;
}

function LinkLine({ link, from, to, progress, lit }: LinkLineProps) {
  const id = useId();
  if (link.rank > 0)
    return (
      <path d={link.path} fill="none" strokeWidth={1.5} className={`transition-[stroke] duration-150 ${lit ? 'stroke-muted' : 'stroke-line-strong/45'}`} />
    );
  const step = progress?.[link.to];
  const filled = progress === undefined ? 1 : step?.state === 'succeeded' ? 1 : (step?.fraction ?? 0);
  const thickness = link.fork ? 3.5 : 5;
  return (
    <g fill="none" strokeLinecap="round">
      <linearGradient id={id} gradientUnits="userSpaceOnUse" {...ends(link.path)}>
        <stop offset="0%" style={{ stopColor: from }} />
        <stop offset="100%" style={{ stopColor: to }} />
      </linearGradient>
      <path d={link.path} strokeWidth={thickness} stroke={`url(#${id})`} opacity={progress === undefined ? 0 : 0.22} />
      <path
        d={link.path}
        strokeWidth={thickness}
        stroke={`url(#${id})`}
        pathLength={1}
        strokeDasharray="1 1"
        strokeDashoffset={1 - filled}
        className="transition-[stroke-dashoffset] duration-300"
        opacity={filled > 0 ? 1 : 0}
      />
      {step?.state === 'running' && <path d={link.path} strokeWidth={1.5} className="dash stroke-ground" strokeDasharray="4 7" />}
    </g>
  );
}

/** Where a line begins and ends. A level line has no height, and a gradient needs absolute ends to show on it. */
function ends(path: string): { x1: string; y1: string; x2: string; y2: string } {
  const numbers = path.match(/-?[\d.]+/g) ?? [];
  return { x1: numbers[0] ?? '0', y1: numbers[1] ?? '0', x2: numbers.at(-2) ?? '0', y2: numbers.at(-1) ?? '0' };
}

interface OfferDotProps {
  dot: Dot;
  hue: string;
  active: boolean;
  state: StepState | undefined;
  onShow: (key: string | null) => void;
}

const standings: Record<Dot['standing'], string> = {
  chosen: 'chosen',
  sharing: 'shares the work',
  'runner-up': 'runner-up',
  slower: 'slower',
  unusable: 'cannot be used',
};

function OfferDot({ dot, hue, active, state, onShow }: OfferDotProps) {
  const seconds = dot.prediction ? formatSeconds(dot.prediction.endSeconds - dot.prediction.startSeconds) : null;
  const label = [`${dot.offer.modelName} on ${dot.offer.edgeName} for ${dot.stepId}`, standings[dot.standing], seconds, dot.detail].filter(Boolean).join(', ');
  const chosen = dot.standing === 'chosen';
  const part = dot.standing === 'sharing';
  return (
    // biome-ignore lint/a11y/useSemanticElements: an SVG drawing cannot hold a button element.
    <g
      role="button"
      tabIndex={0}
      aria-label={label}
      className="group cursor-default outline-none"
      onMouseEnter={() => onShow(dot.key)}
      onMouseLeave={() => onShow(null)}
      onFocus={() => onShow(dot.key)}
      onBlur={() => onShow(null)}
      onClick={() => onShow(dot.key)}
      onKeyDown={(event) => event.key === 'Escape' && onShow(null)}
    >
      <circle cx={dot.x} cy={dot.y} r={15} fill="transparent" className="stroke-2 group-focus-visible:stroke-accent" />
      {chosen || part ? (
        <>
          <circle
            cx={dot.x}
            cy={dot.y}
            r={(chosen ? 10 : 8) + Number(active)}
            className="fill-surface transition-all duration-150"
            style={{ stroke: hue }}
            strokeWidth={chosen ? 4 : 3}
          />
          {state === 'succeeded' && (
            <path d={`M${dot.x - 4} ${dot.y + 0.5}l3 3 5-6`} fill="none" strokeWidth={2} strokeLinecap="round" strokeLinejoin="round" style={{ stroke: hue }} />
          )}
          {state === 'running' && <circle cx={dot.x} cy={dot.y} r={4} className="breathe" style={{ fill: hue }} />}
        </>
      ) : (
        <OtherDot dot={dot} active={active} />
      )}
      {chosen && seconds && (
        <text
          x={dot.x}
          y={dot.y + 26}
          textAnchor="middle"
          className="number fill-ink text-xs"
          style={{ paintOrder: 'stroke', stroke: 'var(--surface)', strokeWidth: 4, fontSize: 12 }}
        >
          {seconds}
        </text>
      )}
    </g>
  );
}

function OtherDot({ dot, active }: { dot: Dot; active: boolean }) {
  if (dot.standing === 'unusable')
    return (
      <path
        d={`M${dot.x - 3.5} ${dot.y - 3.5}l7 7m0 -7l-7 7`}
        className={active ? 'stroke-ink' : 'stroke-line-strong'}
        strokeWidth={1.75}
        strokeLinecap="round"
      />
    );
  const filled = dot.standing === 'runner-up' ? 'fill-line-strong' : 'fill-surface';
  return (
    <circle
      cx={dot.x}
      cy={dot.y}
      r={active ? 6.5 : 5}
      className={`${filled} transition-all duration-150 ${active ? 'stroke-ink' : 'stroke-line-strong'}`}
      strokeWidth={2}
    />
  );
}
