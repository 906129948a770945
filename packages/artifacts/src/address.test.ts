import { expect, test } from 'vitest';
import { addressKind, plainAddress } from './address.ts';

test('addresses are known by where they lead, in whatever spelling', () => {
  const kinds = {
    loopback: ['127.0.0.1', '127.9.9.9', '::1', '[::1]', '::ffff:127.0.0.1', '0:0:0:0:0:ffff:7f00:1'],
    'link-local': ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1%eth0', 'febf::1'],
    none: ['0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'ff02::1', 'a-name', ''],
    machine: ['192.168.1.20', '10.0.0.1', '2001:db8::1', 'fd00::1', '::ffff:10.0.0.1'],
  };
  for (const [kind, addresses] of Object.entries(kinds))
    expect(addresses.map((one) => [one, addressKind(plainAddress(one))])).toEqual(addresses.map((one) => [one, kind]));
  expect(plainAddress('2001:DB8:0::1')).toBe('2001:db8::1');
});
