import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@atelier/protocol';
import { type Database, schema } from '@atelier/store';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import type { Logger } from '../../core/index.ts';
import { writePrivateFile } from '../private-file.ts';
import type { OwnOrigins } from './own-origin.ts';
import { endOldest } from './sessions.ts';
import type { Agree } from './shared-secrets.ts';

const { account, apikey, rateLimit, session, user, verification } = schema;

/** The header in which the server tells better-auth who is connected; whatever a client sends under this name is overwritten. */
export const clientAddressHeader = 'x-atelier-client-address';

export const tokenPrefix = 'atl_';

export interface AccountsOptions {
  readonly database: Database;
  readonly origins: OwnOrigins;
  readonly url: string;
  readonly dataFolder: string;
  readonly log: Logger;
  readonly agree: Agree;
}

/** better-auth on our own tables: passwords, sessions in cookies, API tokens. Nobody can sign up by themselves. */
export async function createAccounts(options: AccountsOptions) {
  const secret = await sessionSecret(options.dataFolder, options.agree);
  return betterAuth({
    appName: 'Atelier',
    secret,
    baseURL: options.url,
    basePath: '/api/auth',
    database: drizzleAdapter(options.database.db, {
      provider: 'pg',
      schema: { user, session, account, verification, apikey, rateLimit },
      transaction: true,
    }),
    trustedOrigins: (request) => trusted(options.origins, request),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 8, maxPasswordLength: 200 },
    user: {
      additionalFields: {
        role: { type: 'string', required: true, defaultValue: 'member', input: false },
        service: { type: 'boolean', required: true, defaultValue: false, input: false },
      },
    },
    session: {
      expiresIn: 30 * 86_400,
      updateAge: 86_400,
      additionalFields: { lastUsedAt: { type: 'date', required: false, input: false } },
    },
    databaseHooks: { session: { create: { after: ({ userId }) => endOldest(options.database.db, userId) } } },
    rateLimit: {
      enabled: true,
      storage: 'database',
      window: 60,
      max: 100,
      customRules: { '/sign-in/email': { window: 60, max: 10 }, '/get-session': false },
    },
    advanced: {
      cookiePrefix: 'atelier',
      database: { generateId: () => newId() },
      defaultCookieAttributes: { sameSite: 'lax', httpOnly: true, secure: options.origins.extra.some((origin) => origin.startsWith('https:')) },
      useSecureCookies: false,
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
    },
    telemetry: { enabled: false },
    logger: { log: (level, message) => options.log[level === 'error' ? 'warn' : 'debug']({ part: 'accounts' }, message) },
    plugins: [
      apiKey({
        defaultPrefix: tokenPrefix,
        defaultKeyLength: 48,
        maximumNameLength: 60,
        startingCharactersConfig: { charactersLength: 8 },
        keyExpiration: { maxExpiresIn: 3650 },
        rateLimit: { enabled: false },
        enableSessionForAPIKeys: false,
      }),
    ],
  });
}

export type Accounts = Awaited<ReturnType<typeof createAccounts>>;

function trusted(origins: OwnOrigins, request: Request | undefined): string[] {
  const origin = request?.headers.get('origin');
  const own = origin && origins.isOwn(origin, request?.headers.get('host') ?? undefined) ? [origin] : [];
  return [...origins.extra, ...own];
}

/** Signs the cookies; made at the first start. A new one would end all sessions. */
async function sessionSecret(dataFolder: string, agree: Agree): Promise<string> {
  const file = join(dataFolder, 'session-secret');
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  const own = known.length >= 32 ? known : randomBytes(32).toString('base64url');
  const secret = await agree('session', own);
  if (secret !== known) await writePrivateFile(file, `${secret}\n`);
  return secret;
}
