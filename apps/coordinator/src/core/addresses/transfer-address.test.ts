import { expect, test } from 'vitest';
import { judgeTransferUrl, ownAddresses } from './transfer-address.ts';

const far = { address: '192.168.1.20', isThisMachine: false };
const here = { address: '127.0.0.1', isThisMachine: true };
const hidden = { address: null, isThisMachine: false };
const names: Record<string, string[]> = {
  workstation: ['192.168.1.20'],
  rebound: ['127.0.0.1'],
  both: ['169.254.1.1', '192.168.1.20'],
  metadata: ['169.254.169.254'],
};
const judge = async (url: string, from: Parameters<typeof judgeTransferUrl>[1], confirmed: string | null = null) => {
  const reach = await judgeTransferUrl(url, from, confirmed, async (name) => names[name] ?? []);
  return reach.state === 'open' ? [reach.address, reach.toThisMachine] : reach.state;
};

test('others are sent where an edge connects from, and to the very address of its name', async () => {
  expect(await judge('http://192.168.1.20:4750', far)).toEqual(['192.168.1.20', false]);
  expect(await judge('http://workstation:4750', far)).toEqual(['192.168.1.20', false]);
  expect(await judge('http://both:4750', far)).toEqual(['192.168.1.20', false]);
  expect(await judge('http://[::ffff:192.168.1.20]:4750', far)).toEqual(['192.168.1.20', false]);
});

test('never to loopback, link-local or no address of another machine, confirmed or not', async () => {
  const urls = ['http://127.0.0.1:5432', 'http://localhost.:80', 'http://[::1]:80', 'http://0.0.0.0:80', 'http://169.254.169.254', 'http://[fe80::1]:80'];
  for (const url of [...urls, 'http://rebound:80', 'http://metadata', 'http://nowhere:80', 'http://2130706433:80', 'http://[::ffff:7f00:1]:80'])
    for (const confirmed of [null, url])
      expect([url, await judge(url, far, confirmed), await judge(url, hidden, confirmed)]).toEqual([url, 'refused', 'refused']);
});

test('any other address waits for an owner, and another one than the owner saw waits again', async () => {
  for (const from of [far, hidden, here]) expect(await judge('http://10.0.0.7:4750', from)).toBe('unconfirmed');
  expect(await judge('http://192.168.1.20:4750', hidden)).toBe('unconfirmed');
  expect(await judge('http://10.0.0.7:4750', far, 'http://10.0.0.7:4750')).toEqual(['10.0.0.7', false]);
  expect(await judge('http://10.0.0.7:4751', far, 'http://10.0.0.7:4750')).toBe('unconfirmed');
});

test('an edge of this machine may use loopback, for edges of this machine, and the addresses of its networks', async () => {
  expect(await judge('http://127.0.0.1:4750', here)).toEqual(['127.0.0.1', true]);
  expect(await judge('http://rebound:4750', here)).toEqual(['127.0.0.1', true]);
  for (const address of ownAddresses().filter((one) => !one.includes(':') && !one.startsWith('127.'))) {
    expect(await judge(`http://${address}:4750`, here)).toEqual([address, false]);
  }
});
