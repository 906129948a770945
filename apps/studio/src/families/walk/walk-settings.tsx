import type { ModelView, TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { Music, X } from 'lucide-react';
import { useId, useRef } from 'react';
import { api } from '../../api/client.ts';
import { sentenceOf } from '../../api/sentence.ts';
import { byName } from '../../chain/draft.ts';
import { useNativeSize } from '../../chain/native-size.ts';
import { ParameterForm } from '../../form/parameter-form.tsx';
import { ProgressBar } from '../../ui/blocks.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Select } from '../../ui/select.tsx';
import { draft, send, trackPlace, useWalkDraft } from './walk-draft.ts';
import type { WalkForm } from './walk-form.ts';
import type { WalkProblem } from './walk-problems.ts';

interface WalkSettingsProps {
  form: WalkForm;
  tasks: readonly TaskView[];
  problem: WalkProblem | null;
}

/** Everything of the two tasks that is not a keyframe: how the way goes, how frames are drawn, how the film shows them. */
export function WalkSettings({ form, tasks, problem }: WalkSettingsProps) {
  const [walk, film] = [byName(tasks, 'latent-walk'), byName(tasks, 'frames-to-video')];
  const models = useQuery(api.models.queryOptions({ staleTime: 60_000 }));
  const native = useNativeSize(form.model ?? onlyModel(models.data));
  const problems = (of: 'walk' | 'film') =>
    problem && typeof problem.place === 'object' && 'parameter' in problem.place && problem.place.of === of
      ? { [problem.place.parameter]: [problem.message, problem.hint].filter(Boolean).join(' ') }
      : {};
  return (
    <div className="grid gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <section aria-label="Way and drawing" className="min-w-0">
        <h3 className="mb-3 text-sm font-semibold text-muted">Way and drawing</h3>
        {walk && (
          <ParameterForm
            schema={without(walk.parameters, ['keyframes', 'frames'])}
            values={form.walk}
            native={native}
            onChange={draft.setWalk}
            problems={problems('walk')}
          />
        )}
      </section>
      <section aria-label="Video" className="min-w-0">
        <h3 className="mb-3 text-sm font-semibold text-muted">Video</h3>
        {film && <ParameterForm schema={film.parameters} values={form.film} onChange={draft.setFilm} problems={problems('film')} />}
        <div className="mt-4 flex flex-col gap-4">
          <Track />
          <ModelChoice form={form} />
        </div>
      </section>
    </div>
  );
}

/** The one model that can draw a walk now, if there is no other. */
function onlyModel(models: readonly ModelView[] | undefined): string | undefined {
  const able = (models ?? []).filter(({ manifest, edges }) => manifest.tasks.includes('latent-walk') && edges.some((edge) => edge.state === 'ready'));
  return able.length === 1 ? able[0]?.manifest.id : undefined;
}

/** A schema without some of its properties. */
function without(schema: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, unknown>).filter(([name]) => !names.includes(name));
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** A recording that sets the pace. */
function Track() {
  const id = useId();
  const picker = useRef<HTMLInputElement>(null);
  const track = useWalkDraft((state) => state.form.track);
  const sending = useWalkDraft((state) => state.sending[trackPlace(state.round)]);
  return (
    <div>
      <p id={id} className="mb-1.5 text-sm font-medium">
        Track
      </p>
      <input
        ref={picker}
        type="file"
        accept="audio/*"
        className="sr-only"
        tabIndex={-1}
        aria-label="File of the track"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) void send(trackPlace(useWalkDraft.getState().round), file);
          event.target.value = '';
        }}
      />
      {track ? (
        <p data-modality="audio" className="flex h-9 items-center gap-2 rounded-lg bg-hue-soft px-3 text-sm">
          <Music aria-hidden className="size-4 shrink-0 text-hue" />
          <span className="min-w-0 grow truncate">{track.name}</span>
          <IconButton icon={X} size="small" label="Take the track away" className="-mr-2" onClick={() => draft.setTrack(null)} />
        </p>
      ) : sending && !sending.error ? (
        <ProgressBar fraction={sending.progress} label={`Upload of ${sending.name}`} />
      ) : (
        <Button icon={Music} size="small" aria-describedby={id} onClick={() => picker.current?.click()}>
          Choose a recording
        </Button>
      )}
      <p className={`mt-1 text-xs ${sending?.error ? 'text-bad' : 'text-muted'}`}>
        {sending?.error ? sentenceOf(sending.error).message : 'The walk goes faster where more happens in the track.'}
      </p>
    </div>
  );
}

const byPlan = 'by-plan';

/** The model that draws, if somebody wants to choose it by hand. Frames of an earlier walk stay valid on theirs alone. */
function ModelChoice({ form }: { form: WalkForm }) {
  const id = useId();
  const models = useQuery(api.models.queryOptions({ staleTime: 60_000 }));
  const able = models.data?.filter(({ manifest }) => manifest.tasks.includes('latent-walk')) ?? [];
  const listed = able.map(({ manifest }) => ({ value: manifest.id as string, label: manifest.title }));
  const known = form.model === undefined || listed.some(({ value }) => value === form.model);
  const options = [{ value: byPlan, label: 'Automatic' }, ...listed, ...(known ? [] : [{ value: form.model ?? '', label: form.model ?? '' }])];
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        Model
      </label>
      <Select id={id} label="Model" value={form.model ?? byPlan} options={options} onChange={(value) => draft.setModel(value === byPlan ? undefined : value)} />
    </div>
  );
}
