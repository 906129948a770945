import { AtelierError, type PersonDetail, Role, type SecretLink } from '@atelier/protocol';
import type { Terminal } from '../terminal/terminal.ts';
import type { Session } from './studio-command.ts';

/** A person by e-mail address, id, or a name that only one has. @throws AtelierError `not-found`, `invalid-input` */
export async function findPerson({ client }: Pick<Session, 'client'>, word: string): Promise<PersonDetail> {
  const { people } = await client.api.people.list();
  const wanted = word.toLowerCase();
  const exact = people.find(({ id, email }) => id === word || email === wanted);
  if (exact) return exact;
  const named = people.filter(({ name }) => name.toLowerCase() === wanted);
  if (named.length === 1) return named[0] as PersonDetail;
  if (named.length > 1) {
    const addresses = named.map(({ email }) => email).join(', ');
    throw new AtelierError('invalid-input', `${named.length} people are called "${word}".`, { hint: `Write the address: ${addresses}.` });
  }
  throw new AtelierError('not-found', `There is nobody "${word}".`, { hint: `People are: ${people.map(({ email }) => email).join(', ') || 'none yet'}.` });
}

/** @throws AtelierError `invalid-input` */
export function roleOf(word: string): Role {
  const role = Role.safeParse(word);
  if (role.success) return role.data;
  throw new AtelierError('invalid-input', `"${word}" is no role.`, { hint: `Roles are: ${Role.options.join(', ')}.` });
}

/** @throws AtelierError `invalid-input` for what is no number within the bounds */
export function numberOf(flag: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new AtelierError('invalid-input', `${flag} is a number from ${least} to ${most}.`);
}

/** A link that works once, and what to know of it. */
export function linkLines(made: SecretLink, { paint }: Terminal): string[] {
  return [
    made.url,
    paint.dim(`Works once, until ${new Date(made.expiresAt).toLocaleString()}. It is not shown again.`),
    ...(made.reach === 'network' ? [] : ['Only this machine reaches that address. Start the studio with --host 0.0.0.0, then make a new link.']),
    ...made.otherUrls.map((url) => paint.dim(`Or, in another network: ${url}`)),
  ];
}
