// Addresses of the other side, as far as they tell one party from another.

/** An address of IPv4 is itself; who has one of IPv6 has its /64. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('%')[0]!.split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}

/** IPv4 as such, also where a listener for both writes it into IPv6. */
export const plainAddress = (address = ''): string => address.replace(/^::ffff:(?=\d+\.)/, '')
