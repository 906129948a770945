import type { Role } from '@atelier/protocol';
import { Eye, type LucideIcon, ShieldCheck, UserRound } from 'lucide-react';

/** How a role is shown, and what it may, in one sentence. */
export const roles: Readonly<Record<Role, { readonly word: string; readonly icon: LucideIcon; readonly may: string }>> = {
  owner: { word: 'Owner', icon: ShieldCheck, may: 'Sees everything, and looks after machines, models and people.' },
  member: { word: 'Member', icon: UserRound, may: 'Runs chains and sees their own results.' },
  guest: { word: 'Guest', icon: Eye, may: 'Sees what is shared, and runs nothing.' },
};

export const roleChoices = (['member', 'guest', 'owner'] as const).map((role) => ({ value: role, label: roles[role].word }));

export function RoleBadge({ role }: { role: Role }) {
  const { word, icon: Icon } = roles[role];
  return (
    <span className={`inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap ${role === 'owner' ? 'text-accent-ink' : 'text-muted'}`}>
      <Icon aria-hidden className="size-4" />
      {word}
    </span>
  );
}
