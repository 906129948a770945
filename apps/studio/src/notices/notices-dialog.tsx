import { useId, useState } from 'react';
import { openWindow, useWindow } from '../frame/windows.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Switch } from '../ui/switch.tsx';
import { playChime } from './chime.ts';
import { type Permission, permission, setNotices, turnOn, useNoticeSettings } from './notice-settings.ts';
import { longSeconds } from './run-end.ts';

/** Notices of this browser: on or off, and with a sound. */
export function NoticesDialog() {
  const open = useWindow((state) => state.open === 'notices');
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openWindow(next ? 'notices' : null)}
      title="Notices"
      description={`When a run of yours that took ${longSeconds} seconds or more is done and you are not looking at it. Remembered in this browser.`}
    >
      {open && <Choices />}
    </Dialog>
  );
}

/** Why no notice can be shown, and what can be done. */
const whyNot: Partial<Record<Permission, string>> = {
  insecure:
    'Browsers show notices only over HTTPS or on the machine of the studio itself, and this page came over plain HTTP. The title of the tab says how far a run is, and a sound can say that it is done.',
  denied: 'This browser was told to show no notices of this page. Allow them in its settings for this page, then turn them on here.',
  unsupported: 'This browser knows no notices. The title of the tab says how far a run is, and a sound can say that it is done.',
};

function Choices() {
  const { on, sound } = useNoticeSettings();
  const [allowed, setAllowed] = useState(permission);
  const change = (next: boolean) => {
    if (next) turnOn().then(setAllowed, () => undefined);
    else setNotices({ on: false, asked: [] });
  };
  return (
    <div className="flex flex-col gap-4">
      <Choice label="Notify me" checked={on && allowed === 'granted'} disabled={allowed in whyNot} onChange={change}>
        {whyNot[allowed] ?? 'A notice of your system. A click on it opens the run.'}
      </Choice>
      <Choice
        label="Sound"
        checked={sound}
        onChange={(next) => {
          setNotices({ sound: next });
          if (next) playChime();
        }}
      >
        {allowed === 'insecure' ? 'Two soft tones, if the page of the run is open.' : 'Two soft tones.'}
      </Choice>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  children: string;
}

function Choice({ label, checked, disabled = false, onChange, children }: ChoiceProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-6">
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        <p id={`${id}-hint`} className="mt-0.5 text-sm text-muted text-pretty">
          {children}
        </p>
      </div>
      <Switch id={id} checked={checked} disabled={disabled} onChange={onChange} describedBy={`${id}-hint`} />
    </div>
  );
}
