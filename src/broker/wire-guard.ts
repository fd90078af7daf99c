// Stands between mqtt-packet's parser and aedes, on one connection:
// - a packet over the limit ends the connection when its length is read, not when all of it is buffered (aedes #13);
// - bytes that make the parser throw are a fault of the client, not of the process;
// - the filters of a SUBSCRIBE are numbered: aedes sees one distinct, well-formed topic for each, so that duplicates
//   get their codes (aedes #9) and a bad filter gets its 128 instead of ending the connection. Who subscribed to what
//   is kept by the router alone, under the real filters.

import { filterFault } from '../model/topic.ts'
import type { WireParser } from './engine-client.ts'

export function guardParser(parser: WireParser, maxPacketSize: number): void {
  const { _parseLength, _parsePayload, _parseSubscribe, _parseUnsubscribe } = parser

  parser._parseLength = () => {
    const complete = _parseLength.call(parser)
    if (!complete || parser.packet.length <= maxPacketSize) return complete
    parser._emitError(new Error(`packet of ${parser.packet.length} bytes is over mqtt.max_packet_size`))
    return false
  }

  parser._parsePayload = () => {
    try {
      return _parsePayload.call(parser)
    } catch (error) {
      parser._emitError(new Error('malformed packet', { cause: error }))
      return false
    }
  }

  parser._parseSubscribe = () => {
    _parseSubscribe.call(parser)
    parser.packet.subscriptions?.forEach((subscription, index) => {
      subscription.filter = subscription.topic
      subscription.topic = `filter-${index}`
    })
  }

  parser._parseUnsubscribe = () => {
    _parseUnsubscribe.call(parser)
    const { packet } = parser
    if (packet.unsubscriptions) packet.unsubscriptions = packet.unsubscriptions.filter((filter) => !filterFault(filter))
  }
}

/** @returns why nobody can be granted `filter`, or undefined */
export function subscriptionFault(filter: string, maxLevels: number): string | undefined {
  if (filter.startsWith('$share/')) return 'shared subscriptions are not supported' // aedes #15
  return filterFault(filter) ?? levelsFault(filter, maxLevels)
}

export function levelsFault(topic: string, maxLevels: number): string | undefined {
  let levels = 1
  for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) levels++
  return levels > maxLevels ? `more than ${maxLevels} levels` : undefined
}
