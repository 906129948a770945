import { randomBytes } from 'node:crypto';
import type { seeded } from '@atelier/seeded';

type Random = ReturnType<typeof seeded>;

/** One connection's worth of hostile bytes. `isWhole`: an answer is due, so that whoever sends it may wait for one. */
export interface Hostile {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/** Who is attacked, and what a signed-in attacker would send along. */
export interface Target {
  readonly host: string;
  readonly token: string;
}

const nobody = '01900000-0000-7000-8000-000000000000';
const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', '\u0000', ''];
const paths = [
  ...['/', '/healthz', '/livez', '/docs', '/api/runs', '/api/runs/x', '/api/edges', '/api/outputs', '/api/welcome', '/api/auth/sign-in/email'],
  ...['/api/auth/get-session', '/api/auth/change-password', '/api/edge/join', '/api/edge/socket', `/api/edge/artifacts/${'0'.repeat(64)}`],
  ...[`/api/runs/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}/steps/x/control`, '/api/runs/x/steps/%00/control'],
  ...['/api/uploads', '/api/uploads/x', '/v1/models', '/v1/chat/completions', '/v1/images/generations', '/v1/audio/transcriptions', '/predict/a'],
  ...['/api/services', '/api/services/x', '/api/services/x/stop', '/api/service-kinds', `/services/${nobody}`, `/artifacts/${'0'.repeat(64)}`],
];
const oddTargets = [
  '//',
  '///',
  '//x',
  '//:',
  'http://x',
  'http://[',
  'http://a b',
  '*',
  '%',
  '/%',
  '/%00',
  '/%ff%fe',
  '/\u0000',
  '/api/../../etc',
  '?',
  '#',
  '',
];
const upgradeTargets = ['/api/edge/socket', '/api/edge/socket', '/api/edge/socket?x=%', `/services/${nobody}`, '/services/x', ...oddTargets];
const lengths = ['0', '-1', '1', '5', '999999999999999999999', '0x10', '1e3', ' 7', 'NaN', '2147483648'];

/** Hostile requests, upgrades, frames, tus headers and bodies, the same for the same randomness. */
export function hostile(random: Random, target: Target): Hostile {
  const kind = random.below(10);
  if (kind < 2) return upgrade(random, target);
  if (kind < 4) return resumable(random, target);
  if (kind === 4) return { bytes: noise(random, 2000), isWhole: false };
  return request(random, target);
}

function noise(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)));
}

const maybe = (random: Random, oneIn: number, line: () => string): string[] => (random.below(oneIn) === 0 ? [line()] : []);
const text = (random: Random, most: number) =>
  noise(random, most)
    .toString('latin1')
    .replaceAll(/[\r\n]/g, '');

function request(random: Random, { host, token }: Target): Hostile {
  const target = random.below(3) === 0 ? random.pick([...oddTargets, `/${'a'.repeat(random.below(20_000))}`, text(random, 60)]) : random.pick(paths);
  const body = random.below(2) === 0 ? Buffer.alloc(0) : bodyOf(random);
  const isHonest = random.below(3) > 0;
  const lines = [
    `${random.pick(methods)} ${target} HTTP/${random.pick(['1.1', '1.1', '1.1', '1.0', '2.0', '9'])}`,
    ...(random.below(8) === 0 ? [] : [`Host: ${random.below(6) === 0 ? random.pick(['evil.example', 'a b', '[::1', '', '%', text(random, 20)]) : host}`]),
    ...maybe(random, 2, () => `Authorization: Bearer ${random.below(2) === 0 ? token : text(random, 40)}`),
    ...maybe(random, 8, () => `Cookie: ${text(random, 200)}`),
    ...maybe(random, 8, () => `Origin: ${random.pick(['null', 'http://x', '%', `http://${host}`])}`),
    ...maybe(random, 8, () => `Range: ${random.pick(['bytes=-', 'bytes=9-1', 'bytes=0-99999999999999999999', 'x'])}`),
    ...maybe(random, 10, () => `Expect: ${random.pick(['100-continue', 'x'])}`),
    ...maybe(random, 20, () => `X-Large: ${'y'.repeat(random.below(40_000))}`),
    ...maybe(
      random,
      3,
      () => `Content-Type: ${random.pick(['application/json', 'multipart/form-data', 'multipart/form-data; boundary=', 'text/plain', text(random, 30)])}`,
    ),
    ...(isHonest ? [`Content-Length: ${body.length}`] : maybe(random, 2, () => `Content-Length: ${random.pick(lengths)}`)),
    ...(isHonest ? [] : maybe(random, 3, () => 'Transfer-Encoding: chunked')),
    'Connection: close',
  ];
  return { bytes: whole(lines, body), isWhole: isHonest };
}

function bodyOf(random: Random): Buffer {
  const json = () =>
    random.pick([
      '{"email":"a@b.example","password":"wrong-password"}',
      `{"email":"${'a'.repeat(random.below(30_000))}@x","password":"\\u0000"}`,
      '['.repeat(random.below(50_000)),
      '{"__proto__":{"a":1},"constructor":null}',
      '{"chain":{"steps":[{"id":"a","task":"\\u0000"}]},"inputs":{"a":{"text":"\\ud800"}}}',
      '{"kind":"\\u0000","edge":"any","parameters":{"__proto__":1}}',
      `{"kind":"x","edge":"any","parameters":{"a":${'['.repeat(random.below(10_000))}}}`,
      '{"messages":[{"role":"user","content":[{}]}],"model":"\\u0000"}',
      'null',
      '"',
      '\uFEFF{}',
    ]);
  return random.below(3) === 0 ? noise(random, 5000) : Buffer.from(json());
}

function resumable(random: Random, { host, token }: Target): Hostile {
  const body = random.below(2) === 0 ? Buffer.alloc(0) : noise(random, 3000);
  const pairs = [
    'filename aGVsbG8=',
    'filename AAAA',
    'filename ///=',
    'filename',
    ' ',
    ',,,',
    `filename ${'QUFB'.repeat(random.below(3000))}`,
    text(random, 80),
  ];
  const lines = [
    `${random.pick(['POST', 'POST', 'PATCH', 'HEAD', 'DELETE', 'OPTIONS'])} ${random.pick(['/api/uploads', '/api/uploads/x', '/api/uploads/..%2f..%2fx', '/api/uploads/%00', '/api/uploads/x?/y'])} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    `Tus-Resumable: ${random.pick(['1.0.0', '1.0.0', '1.0.0', '0.2', text(random, 10)])}`,
    ...maybe(random, 2, () => `Upload-Length: ${random.pick(lengths)}`),
    ...maybe(random, 2, () => `Upload-Offset: ${random.pick(lengths)}`),
    ...maybe(random, 2, () => `Upload-Metadata: ${random.pick(pairs)}`),
    ...maybe(random, 6, () => `Upload-Defer-Length: ${random.pick(['1', '2'])}`),
    ...maybe(random, 6, () => `Upload-Concat: ${random.pick(['partial', 'final;/api/uploads/x', 'final;'])}`),
    ...maybe(random, 6, () => `X-HTTP-Method-Override: ${random.pick(['PATCH', 'DELETE', '\u0000'])}`),
    `Content-Type: ${random.pick(['application/offset+octet-stream', 'text/plain'])}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  return { bytes: whole(lines, body), isWhole: true };
}

function upgrade(random: Random, { host }: Target): Hostile {
  const lines = [
    `GET ${random.pick(upgradeTargets)} HTTP/1.1`,
    `Host: ${random.below(8) === 0 ? random.pick(['', 'x', '%']) : host}`,
    `Connection: ${random.pick(['Upgrade', 'Upgrade', 'upgrade, close'])}`,
    `Upgrade: ${random.pick(['websocket', 'websocket', 'websocket', 'h2c', 'atelier-service', text(random, 10)])}`,
    ...(random.below(8) === 0 ? [] : [`Sec-WebSocket-Key: ${random.below(8) === 0 ? text(random, 30) : randomBytes(16).toString('base64')}`]),
    `Sec-WebSocket-Version: ${random.pick(['13', '13', '13', '8', 'x'])}`,
    ...maybe(random, 8, () => `Sec-WebSocket-Extensions: ${random.pick(['permessage-deflate', ';;', text(random, 30)])}`),
    ...maybe(random, 6, () => `Authorization: DPoP ${text(random, 60)}`),
    ...maybe(random, 6, () => `DPoP: ${text(random, 200)}`),
    ...maybe(random, 8, () => `Sec-WebSocket-Protocol: ${text(random, 20)}`),
  ];
  // What comes right behind the upgrade is read as the first frames.
  const frames = Array.from({ length: random.below(5) }, () => frame(random));
  return { bytes: whole(lines, Buffer.concat(frames)), isWhole: false };
}

/** A frame that may break every rule of RFC 6455, section 5. */
function frame(random: Random): Buffer {
  const payload =
    random.below(2) === 0
      ? noise(random, 300)
      : Buffer.from(
          random.pick([
            '{}',
            '{"kind":"identify"}',
            '{"kind":"hello"}',
            'null',
            '{"kind":"identify","edgeId":"x","signature":"x"}',
            '{"kind":"service-find","request":-1}',
            '{"kind":"service"}',
            '{"kind":"control-applied"}',
            '{"kind":"checkpoint"}',
          ]),
        );
  const isMasked = random.below(4) > 0;
  const first = random.below(3) === 0 ? random.below(256) : 0x80 | random.pick([1, 1, 2, 8, 9, 10]);
  const claimed = random.below(6) === 0 ? random.pick([0, 125, 126, 127]) : Math.min(payload.length, 125);
  const more = claimed === 126 ? noise(random, 3) : claimed === 127 ? Buffer.alloc(8, random.pick([0, 1, 0x7f, 0xff])) : Buffer.alloc(0);
  const mask = isMasked ? Buffer.alloc(4) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([first, (isMasked ? 0x80 : 0) | claimed]), more, mask, payload.subarray(0, 125)]);
}

function whole(lines: readonly string[], body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
