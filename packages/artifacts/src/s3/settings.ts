import { AtelierError } from '@atelier/protocol';

/** Where a bucket is and who we are there. */
export interface S3Settings {
  /** Such as `https://s3.eu-central-1.amazonaws.com`, without a closing slash. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Before every key, without slashes at its ends; may be empty. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Bytes of local copies that are kept for reading; what was used longest ago goes first. */
  readonly cacheBytes: number;
}

const usualCacheBytes = 10 * 1024 ** 3;

/**
 * Reads `s3://bucket/prefix` and the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
 * ATELIER_S3_ENDPOINT (or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL) for servers other than Amazon's, ATELIER_S3_CACHE in bytes.
 * @throws AtelierError `invalid-input`; its message never holds a key
 */
export function readS3Settings(address: string, environment: Readonly<Record<string, string | undefined>>): S3Settings {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w./-]*))?$/.exec(address);
  if (!match) {
    throw new AtelierError('invalid-input', `"${address.replace(/\/\/[^/]*@/, '//')}" is no address of a bucket.`, {
      hint: 'Write it as s3://bucket or s3://bucket/prefix.',
    });
  }
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1';
  return {
    endpoint: endpointOf(environment, region),
    bucket: match[1] as string,
    prefix: (match[2] ?? '')
      .split('/')
      .filter((part) => part !== '')
      .join('/'),
    region,
    accessKeyId: needed(environment, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: needed(environment, 'AWS_SECRET_ACCESS_KEY'),
    sessionToken: environment.AWS_SESSION_TOKEN,
    cacheBytes: wholeNumber(environment, 'ATELIER_S3_CACHE') ?? usualCacheBytes,
  };
}

function endpointOf(environment: Readonly<Record<string, string | undefined>>, region: string): string {
  const given = environment.ATELIER_S3_ENDPOINT ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  if (given === undefined) return `https://s3.${region}.amazonaws.com`;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '') return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  throw new AtelierError('invalid-input', 'ATELIER_S3_ENDPOINT is not an address.', { hint: 'Write it like https://s3.example.org, without a key in it.' });
}

function needed(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name];
  if (value) return value;
  throw new AtelierError('invalid-input', `Storage in a bucket needs ${name}.`, { hint: `Set ${name} in the environment of the studio.` });
}

function wholeNumber(environment: Readonly<Record<string, string | undefined>>, name: string): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new AtelierError('invalid-input', `${name} is not a whole number of bytes.`, { hint: 'Ten gigabytes are 10000000000.' });
}
