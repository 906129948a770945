import type { PersonView, QueueView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { BookOpen, Command, Keyboard, KeyRound, LoaderCircle, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { Link, useLocation, useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { signOut } from '../api/session.ts';
import { compose } from '../chain/composer-state.ts';
import { IconButton } from '../ui/button.tsx';
import { Menu, MenuChoices, MenuItem, MenuLabel, MenuSeparator } from '../ui/menu.tsx';
import { complain } from '../ui/toast.tsx';
import { formatSeconds } from '../units/time.ts';
import { placeOf } from './places.ts';
import { type Theme, useTheme } from './theme.ts';
import { openWindow } from './windows.ts';

export function TopBar({ person }: { person: PersonView }) {
  const place = placeOf(useLocation().pathname);
  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-line bg-ground/90 px-4 backdrop-blur-md sm:px-8">
      <Link to={place.path} className="text-base font-semibold">
        {place.name}
      </Link>
      <div className="grow" />
      <QueuePill />
      <IconButton icon={Command} label="Find anything (Ctrl K)" onClick={() => openWindow('palette')} className="max-sm:hidden" />
      <ThemeMenu />
      <AccountMenu person={person} />
    </header>
  );
}

/** "3 running, 12 waiting, about 40 s". */
function queueWords(queue: QueueView): string {
  if (queue.running + queue.waiting === 0) return 'Nothing runs';
  const parts = [`${queue.running} running`];
  if (queue.waiting > 0) parts.push(`${queue.waiting} waiting`);
  if (queue.seconds > 0) parts.push(`about ${formatSeconds(queue.seconds)}`);
  return parts.join(', ');
}

function QueuePill() {
  const queue = useQuery(api.queue.queryOptions({ refetchInterval: 2_500 }));
  const busy = (queue.data?.running ?? 0) + (queue.data?.waiting ?? 0) > 0;
  return (
    <Link
      to="/runs"
      aria-live="off"
      className={`number mr-1 inline-flex h-8 items-center gap-2 rounded-full border border-line px-3 text-xs whitespace-nowrap hover:bg-raised ${busy ? 'text-ink' : 'text-muted max-sm:hidden'}`}
    >
      {busy && <LoaderCircle aria-hidden className="turn size-3.5 text-accent-ink" />}
      {queue.data ? queueWords(queue.data) : 'Queue'}
    </Link>
  );
}

const themes: Array<{ value: Theme; label: string; icon: typeof Sun }> = [
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'system', label: 'As the system', icon: Monitor },
];

function ThemeMenu() {
  const { theme, choose } = useTheme();
  const shown = themes.find((one) => one.value === theme)?.icon ?? Moon;
  return (
    <Menu trigger={<IconButton icon={shown} label="Theme" />}>
      <MenuChoices value={theme} onChange={choose} options={themes} />
    </Menu>
  );
}

function AccountMenu({ person }: { person: PersonView }) {
  const navigate = useNavigate();
  const leave = () =>
    void signOut().then(() => {
      compose.clear();
      navigate('/sign-in');
    }, complain);
  const initials = person.name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .slice(0, 2)
    .join('')
    .toUpperCase();
  const avatar = (
    <button
      type="button"
      aria-label="Account"
      className="ml-1 grid size-8 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink hover:brightness-110"
    >
      {initials}
    </button>
  );
  return (
    <Menu trigger={avatar}>
      <MenuLabel>
        <span className="block text-sm font-semibold text-ink">{person.name}</span>
        {person.email} · {person.role}
      </MenuLabel>
      <MenuSeparator />
      <MenuItem icon={KeyRound} onSelect={() => openWindow('tokens')}>
        API tokens
      </MenuItem>
      <MenuItem icon={Keyboard} onSelect={() => openWindow('shortcuts')}>
        Shortcuts
      </MenuItem>
      <MenuItem icon={BookOpen} onSelect={() => window.open('/docs', '_blank', 'noopener')}>
        API reference
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={LogOut} onSelect={leave}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
