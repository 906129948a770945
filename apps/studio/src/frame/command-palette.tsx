import type { Role } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import {
  Bell,
  Clapperboard,
  FolderOpen,
  Globe,
  History,
  Image,
  Keyboard,
  KeyRound,
  type LucideIcon,
  Moon,
  Play,
  Plus,
  Star,
  Sun,
  Trash2,
  Upload,
  UserRound,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { chooseRecipe } from '../chain/choose-recipe.ts';
import { compose } from '../chain/composer-state.ts';
import { editExample } from '../chain/start-run.ts';
import { openSaved, useSavedChains } from '../chain/use-saved-chains.ts';
import { toComposer } from '../chain/uses.ts';
import { families, placeOfRun, runPage } from '../task-views/index.ts';
import { wordOf } from '../ui/state.tsx';
import { complain } from '../ui/toast.tsx';
import { placesOf } from './places.ts';
import { useTheme } from './theme.ts';
import { openWindow, useWindow } from './windows.ts';

/** Ctrl K: pages, examples, tasks, runs and settings by a few letters. */
export function CommandPalette({ role }: { role: Role }) {
  const open = useWindow((state) => state.open === 'palette');
  return (
    <Command.Dialog
      open={open}
      onOpenChange={(next) => openWindow(next ? 'palette' : null)}
      label="Find anything"
      overlayClassName="fixed inset-0 z-40 bg-[oklch(0_0_0/0.55)] backdrop-blur-[2px]"
      contentClassName="rise fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-24px)] max-w-xl -translate-x-1/2 overflow-hidden rounded-2xl border border-line bg-surface shadow-float"
    >
      <Command.Input
        placeholder="Find a page, an example, a task or a run"
        className="h-13 w-full border-b border-line bg-transparent px-5 text-base outline-none placeholder:text-faint"
      />
      <Command.List className="max-h-[50dvh] overflow-y-auto p-2">
        <Command.Empty className="px-3 py-6 text-center text-sm text-muted">No matches</Command.Empty>
        {open && <Entries role={role} />}
      </Command.List>
    </Command.Dialog>
  );
}

const shelves = [
  { name: 'Stars', path: '/gallery?starred=1', icon: Star },
  { name: 'Images', path: '/gallery?kind=image', icon: Image },
  { name: 'Videos', path: '/gallery?kind=video', icon: Clapperboard },
  { name: 'Uploads', path: '/gallery?uploads=1', icon: Upload },
  { name: 'Deleted', path: '/gallery?deleted=1', icon: Trash2 },
  { name: 'Public gallery', path: '/public', icon: Globe },
];

/** Goes to a page and closes the palette; what has to be done before is done first. */
function useGo() {
  const navigate = useNavigate();
  return (path: string, before?: () => void) => () => {
    before?.();
    openWindow(null);
    navigate(path);
  };
}

const useTasks = () => useQuery(api.tasks.queryOptions({ staleTime: 300_000 })).data ?? [];

function Entries({ role }: { role: Role }) {
  return (
    <>
      <PageEntries role={role} />
      <ChainEntries />
      <GalleryEntries />
      <RunEntries />
      <SettingsEntries />
    </>
  );
}

/** The pages of the rail, and what families begin on theirs. */
function PageEntries({ role }: { role: Role }) {
  const go = useGo();
  return (
    <>
      <Group heading="Pages">
        {placesOf(role).map((place) => (
          <Entry key={place.path} icon={place.icon} onSelect={go(place.path)} value={`page ${place.name}`}>
            {place.name}
          </Entry>
        ))}
      </Group>
      {families().map(
        ({ name, place, beginning }) =>
          place &&
          beginning && (
            <Group key={name} heading={beginning.heading}>
              <Entry icon={place.icon} value={beginning.words} onSelect={go(place.path)}>
                {beginning.title}
              </Entry>
            </Group>
          ),
      )}
    </>
  );
}

/** What a chain can begin with: an example, a saved chain, a task. */
function ChainEntries() {
  const go = useGo();
  const navigate = useNavigate();
  const tasks = useTasks();
  const examples = useQuery(api.examples.queryOptions({ staleTime: 300_000 }));
  const saved = useSavedChains();
  return (
    <Group heading="Start a chain">
      {examples.data?.map((example) => (
        <Entry key={example.id} icon={Play} value={`example ${example.title}`} onSelect={go('/', () => editExample(example, tasks))}>
          {example.title}
        </Entry>
      ))}
      {saved.data?.map((one) => (
        <Entry
          key={one.id}
          icon={FolderOpen}
          value={`saved chain ${one.name} ${one.id}`}
          note="Saved"
          onSelect={() => {
            openWindow(null);
            openSaved(one, tasks).then(() => navigate('/', toComposer), complain);
          }}
        >
          {one.name}
        </Entry>
      ))}
      <Entry icon={FolderOpen} value="saved chains rename delete" onSelect={() => openWindow('chains')}>
        Saved chains
      </Entry>
      {tasks.map((task) => (
        <Entry key={task.name} icon={Plus} value={`task ${task.title} ${task.name}`} onSelect={go('/', () => compose.startWith(task.name))}>
          {task.title}
        </Entry>
      ))}
    </Group>
  );
}

function GalleryEntries() {
  const go = useGo();
  return (
    <Group heading="Gallery">
      {shelves.map(({ name, path, icon }) => (
        <Entry key={path} icon={icon} value={`gallery ${name}`} onSelect={go(path)}>
          {name}
        </Entry>
      ))}
      <Entry icon={History} value="restore recipe from a saved file picture" onSelect={go('/', chooseRecipe)}>
        Restore from a saved file
      </Entry>
    </Group>
  );
}

function RunEntries() {
  const go = useGo();
  const runs = useQuery(api.runs.list.queryOptions({ input: { limit: 20 } }));
  return (
    <Group heading="Runs">
      {runs.data?.map((run) => (
        <Entry key={run.id} icon={runPage(run)?.icon ?? Play} value={`run ${run.name} ${run.id}`} onSelect={go(placeOfRun(run))} note={wordOf(run.state)}>
          {run.name}
        </Entry>
      ))}
    </Group>
  );
}

function SettingsEntries() {
  const go = useGo();
  const { theme, choose } = useTheme();
  return (
    <Group heading="Settings">
      <Entry icon={theme === 'dark' ? Sun : Moon} value="theme light dark" onSelect={() => choose(theme === 'dark' ? 'light' : 'dark')}>
        {theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
      </Entry>
      <Entry icon={UserRound} value="your account name password sessions" onSelect={go('/account')}>
        Your account
      </Entry>
      <Entry icon={KeyRound} value="api tokens" onSelect={() => openWindow('tokens')}>
        API tokens
      </Entry>
      <Entry icon={Bell} value="notices notify me sound" onSelect={() => openWindow('notices')}>
        Notices
      </Entry>
      <Entry icon={Keyboard} value="shortcuts keyboard" onSelect={() => openWindow('shortcuts')}>
        Shortcuts
      </Entry>
    </Group>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="mb-1 [&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Command.Group>
  );
}

interface EntryProps {
  icon: LucideIcon;
  value: string;
  onSelect: () => void;
  note?: string;
  children: ReactNode;
}

function Entry({ icon: Icon, value, onSelect, note, children }: EntryProps) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2 text-sm data-[selected=true]:bg-raised"
    >
      <Icon aria-hidden className="size-4 shrink-0 text-muted" />
      <span className="min-w-0 grow truncate">{children}</span>
      {note && <span className="text-xs text-muted">{note}</span>}
    </Command.Item>
  );
}
