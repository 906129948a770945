import type { Modality, Role, RunView, StepView, TaskView } from '@atelier/protocol';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { StepLive } from '../api/run-progress.ts';

/** Fetches a component's code when it is first needed, so that a family costs nothing on pages that do not show it. */
export type Load<Props extends object> = () => Promise<{ readonly Component: (props: Props) => ReactNode }>;

/** A step whose result is drawn. */
export interface ResultProps {
  readonly run: RunView;
  readonly step: StepView;
  /** What the step is called. */
  readonly title: string;
  /** What passes by while it runs. */
  readonly live: StepLive | undefined;
  /** The same of its shards that are being made, by their number. */
  readonly shards: Readonly<Record<number, StepLive>>;
}

export type ActionsProps = Pick<ResultProps, 'run' | 'step' | 'title'>;

/** The control of one parameter. Its label and its description stand round it. */
export interface ParameterProps {
  readonly id: string;
  readonly value: unknown;
  /** `undefined` puts the parameter back to its default. */
  readonly onChange: (value: unknown) => void;
  readonly describedBy: string;
  readonly invalid: true | undefined;
}

/** One input of the chain in the composer, which the component reads and gives there. */
export interface InputProps {
  readonly id: string;
  readonly name: string;
  readonly tasks: readonly TaskView[];
}

/** What one task shows in place of what the studio makes of its declaration. Whatever is left out is drawn from that. */
export interface TaskViews {
  /** What a step made or is making, on its card; without it, outputs by modality and the images of its shards side by side. */
  readonly result?: Load<ResultProps>;
  /** More that can be done with a result, at the foot of the step's card. */
  readonly actions?: Load<ActionsProps>;
  /** Controls of single parameters, by name; without them, what the JSON Schema and its hints say. */
  readonly parameters?: Readonly<Record<string, Load<ParameterProps>>>;
  /** A page of its own for the runs of this task. */
  readonly runPage?: RunPage;
}

/** The page on which a run is best seen. */
export interface RunPage {
  readonly path: (runId: string) => string;
  /** On links to it, such as "View walk". */
  readonly view: string;
  readonly icon: LucideIcon;
}

/** Inputs that have an editor of their own, whatever task reads them. */
export interface InputViews {
  readonly fits: (task: TaskView, port: string) => boolean;
  readonly title: string;
  readonly input: Load<InputProps>;
}

/** A page of the rail. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Pressed after G. */
  readonly key: string;
  /** From this role upwards; a member's otherwise. */
  readonly asks?: Role;
}

/** Something that Ctrl K can begin on the family's place. */
export interface Beginning {
  readonly heading: string;
  readonly title: string;
  /** Words by which it is found, besides its title. */
  readonly words: string;
}

/** What a value can be used for, besides the tasks that begin with one. */
export interface Use {
  readonly modality: Modality;
  readonly title: string;
  readonly hint: string;
  readonly icon: LucideIcon;
  /** What comes of it, which gives it its colour. */
  readonly makes: Modality;
  /** The page that takes the value over. */
  readonly path: (outputId: string) => string;
}

/** Tasks that belong together, with all that they bring to the studio. */
export interface Family {
  readonly name: string;
  /** By the task's name. */
  readonly tasks?: Readonly<Record<string, TaskViews>>;
  readonly inputs?: readonly InputViews[];
  readonly place?: Place;
  readonly beginning?: Beginning;
  /** Routes inside the studio's frame. */
  readonly pages?: ReadonlyArray<{ readonly path: string; readonly page: Load<object> }>;
  readonly uses?: readonly Use[];
  /** What somebody began and the studio does not have yet, in words, such as "2 painted masks". */
  readonly begun?: () => readonly string[];
  /** How many files are on their way. */
  readonly filesOnTheirWay?: () => number;
  /** What the design page shows of it; in development only. */
  readonly samples?: Load<object> | undefined;
}
