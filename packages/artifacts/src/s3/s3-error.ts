import { readText } from '@atelier/bounded-body';
import { AtelierError, limits } from '@atelier/protocol';

/** Codes with which servers say that they have no room: S3's own has none, so these are MinIO's, Ceph's and the usual words. */
const full = /Storage(Full|LimitExceeded)|QuotaExceeded|InsufficientStorage|NoSpace|EntityTooLarge/i;

/** What a refusal of a storage means for us. Keys and signatures stay out of it. */
export async function s3Error(answer: Response, bucket: string): Promise<AtelierError> {
  const text = await readText(answer, limits.jsonBytes).catch(() => '');
  const code = /<Code>([\w.]+)<\/Code>/.exec(text)?.[1] ?? String(answer.status);
  if (answer.status === 507 || full.test(code)) {
    return new AtelierError('disk-full', `The storage has no room left (${code}).`, { hint: 'Make room in the bucket, or raise its quota; nothing was lost.' });
  }
  if (code === 'NoSuchBucket') {
    return new AtelierError('unavailable', `The storage has no bucket "${bucket}".`, { hint: 'Make it first, or look at --storage.' });
  }
  if (answer.status === 404) return new AtelierError('not-found', 'The storage has no such object.');
  if (answer.status === 401 || answer.status === 403) {
    return new AtelierError('unavailable', `The storage refuses (${code}).`, {
      hint: 'Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and what this key may do in the bucket.',
    });
  }
  return new AtelierError('unavailable', `The storage answers ${answer.status} (${code}).`, { hint: 'Try again; if it stays so, look at the server.' });
}
