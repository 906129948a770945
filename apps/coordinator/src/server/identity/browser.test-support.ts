import { errorOf, type TestCoordinator } from '../coordinator.test-support.ts';

/** Somebody in a browser: with a session's cookie, and an Origin as pages of the studio send it. */
export interface Browser {
  call(path: string, options?: { method?: string; body?: unknown; headers?: Record<string, string> }): Promise<Response>;
  /** The JSON of an answer. @throws Error where it was refused */
  ask<T>(path: string, options?: { method?: string; body?: unknown }): Promise<T>;
  readonly cookie: string;
}

export const password = 'a long enough word';

/** A browser with the cookies that an answer set. */
export function browserOf(coordinator: TestCoordinator, answer: Response): Browser {
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const call: Browser['call'] = (path, options = {}) =>
    coordinator.call(path, {
      ...options,
      headers: { cookie, origin: coordinator.url, 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0', ...options.headers },
    });
  return {
    cookie,
    call,
    async ask(path, options) {
      const answered = await call(path, options);
      if (!answered.ok) throw new Error(`${path}: ${JSON.stringify(await errorOf(answered))}`);
      return answered.json() as never;
    },
  };
}

export async function signIn(coordinator: TestCoordinator, email: string, word = password): Promise<Browser> {
  const answer = await coordinator.call('/api/auth/sign-in/email', { body: { email, password: word }, headers: { origin: coordinator.url } });
  if (!answer.ok) throw new Error(`${email} cannot sign in: ${answer.status}`);
  return browserOf(coordinator, answer);
}

/** The code at the end of a link. */
export const codeOf = (url: string) => new URL(url).hash.slice(1);

/** Makes the first owner, by the welcome link. */
export async function welcome(coordinator: TestCoordinator, name: string): Promise<Browser> {
  const code = new URL(coordinator.welcomeUrl ?? '').searchParams.get('code') ?? '';
  const email = `${name.toLowerCase()}@example.org`;
  return browserOf(coordinator, await coordinator.call('/api/welcome', { body: { name, email, password, code } }));
}

/** Invites somebody, who joins. */
export async function joinAs(
  coordinator: TestCoordinator,
  owner: Browser,
  name: string,
  role: 'owner' | 'member' | 'guest' = 'member',
): Promise<Browser & { id: string }> {
  const { url } = await owner.ask<{ url: string }>('/api/invitations', { body: { role } });
  const answer = await coordinator.call('/api/join', { body: { code: codeOf(url), name, email: `${name.toLowerCase()}@example.org`, password } });
  if (answer.status !== 201) throw new Error(`${name} cannot join: ${JSON.stringify(await errorOf(answer))}`);
  const { id } = (await answer.clone().json()) as { id: string };
  return { ...browserOf(coordinator, answer), id };
}
