import type { PersonView } from '@atelier/protocol';
import { Bell, BookOpen, Command, Keyboard, KeyRound, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { Link, useLocation, useNavigate } from 'react-router';
import { signOut } from '../api/session.ts';
import { initialsOf } from '../people/avatar.tsx';
import { QueuePill } from '../queue/queue-pill.tsx';
import { IconButton } from '../ui/button.tsx';
import { Menu, MenuChoices, MenuItem, MenuLabel, MenuSeparator } from '../ui/menu.tsx';
import { complain } from '../ui/toast.tsx';
import { begunThings } from './begun-things.ts';
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
      <QueuePill personId={person.id} />
      <IconButton icon={Command} label="Find anything (Ctrl K)" onClick={() => openWindow('palette')} className="max-sm:hidden" />
      <ThemeMenu />
      <AccountMenu person={person} />
    </header>
  );
}

const themes: Array<{ value: Theme; label: string; icon: typeof Sun }> = [
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'system', label: 'System', icon: Monitor },
];

export function ThemeMenu() {
  const { theme, choose } = useTheme();
  const shown = themes.find((one) => one.value === theme)?.icon ?? Moon;
  return (
    <Menu trigger={<IconButton icon={shown} label="Theme" />}>
      <MenuChoices value={theme} onChange={choose} options={themes} />
    </Menu>
  );
}

export function AccountMenu({ person }: { person: PersonView }) {
  const navigate = useNavigate();
  const guest = person.role === 'guest';
  const leave = () => (begunThings().length > 0 ? openWindow('sign-out') : void signOut(true).catch(complain));
  const avatar = (
    <button
      type="button"
      className="ml-1 grid size-8 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink hover:brightness-110"
    >
      {initialsOf(person.name)}
      <span className="sr-only"> account</span>
    </button>
  );
  return (
    <Menu trigger={avatar}>
      <MenuLabel>
        <span className="block text-sm font-semibold text-ink">{person.name}</span>
        {person.email} · {person.role}
      </MenuLabel>
      <MenuSeparator />
      <MenuItem icon={UserRound} onSelect={() => navigate('/account')}>
        Your account
      </MenuItem>
      {!guest && (
        <>
          <MenuItem icon={KeyRound} onSelect={() => openWindow('tokens')}>
            API tokens
          </MenuItem>
          <MenuItem icon={Bell} onSelect={() => openWindow('notices')}>
            Notices
          </MenuItem>
          <MenuItem icon={Keyboard} onSelect={() => openWindow('shortcuts')}>
            Shortcuts
          </MenuItem>
        </>
      )}
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
