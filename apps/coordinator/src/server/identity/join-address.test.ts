import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { joinAddress } from './join-address.ts';

const card = (family: 'IPv4' | 'IPv6', address: string, internal = false) => ({ family, address, internal }) as NetworkInterfaceInfo;
const interfaces = {
  lo: [card('IPv4', '127.0.0.1', true), card('IPv6', '::1', true)],
  docker0: [card('IPv4', '172.17.0.1')],
  eth0: [card('IPv6', 'fe80::1'), card('IPv6', '2001:db8::7'), card('IPv4', '192.168.1.20')],
  wlan0: [card('IPv4', '169.254.3.4'), card('IPv4', '192.168.1.21')],
};
const at = (asked: string, host: string, origins: string[] = []) => joinAddress({ asked, host, port: 4747, origins, interfaces });

test('who asks on the machine itself is told an address that other machines reach', () => {
  for (const asked of ['http://127.0.0.1:4747', 'http://localhost:4747', 'http://[::1]:4747', 'http://127.1.2.3:4747']) {
    expect(at(asked, '0.0.0.0')).toEqual({
      url: 'http://192.168.1.20:4747',
      reach: 'network',
      others: ['http://192.168.1.21:4747', 'http://[2001:db8::7]:4747'],
    });
  }
});

test('the address under which somebody asks from elsewhere comes first, then a given origin, then the one that is listened on', () => {
  expect(at('http://192.168.1.21:4747', '0.0.0.0').url).toBe('http://192.168.1.21:4747');
  expect(at('https://atelier.example.org', '0.0.0.0', ['https://atelier.example.org']).url).toBe('https://atelier.example.org');
  expect(at('http://localhost:4747', '127.0.0.1', ['https://atelier.example.org'])).toMatchObject({ url: 'https://atelier.example.org', reach: 'network' });
  expect(at('http://localhost:4747', '10.0.0.5')).toEqual({ url: 'http://10.0.0.5:4747', reach: 'network', others: [] });
});

test('a studio that listens for its own machine alone says so', () => {
  for (const host of ['127.0.0.1', 'localhost', '::1']) expect(at('http://127.0.0.1:4747', host)).toMatchObject({ reach: 'this-machine' });
});
