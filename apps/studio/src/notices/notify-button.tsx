import { Bell, BellRing } from 'lucide-react';
import { openWindow } from '../frame/windows.ts';
import { Button } from '../ui/button.tsx';
import { announce } from '../ui/toast.tsx';
import { permission, setNotices, turnOn, useNoticeSettings } from './notice-settings.ts';

/** Asks for a notice when this run is done, and when later long ones are. Pressed again, there are none. */
export function NotifyButton({ runId }: { runId: string }) {
  const { on } = useNoticeSettings();
  const pressed = on && permission() === 'granted';
  const press = () => {
    if (pressed) {
      setNotices({ on: false, asked: [] });
      announce('No more notices.');
      return;
    }
    turnOn(runId).then(
      (allowed) => (allowed === 'granted' ? announce('You get a notice when this run, or a later long one, is done.') : openWindow('notices')),
      () => openWindow('notices'),
    );
  };
  return (
    <Button icon={pressed ? BellRing : Bell} look={pressed ? 'soft' : 'plain'} aria-pressed={pressed} onClick={press}>
      Notify me
    </Button>
  );
}
