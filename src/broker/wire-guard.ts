// Stands between mqtt-packet's parser and aedes, on one connection:
// - what does not begin as a CONNECT does ends the connection at its first byte: HTTP, TLS, the PROXY protocol;
// - a packet over the limit ends the connection when its length is read, not when all of it is buffered (aedes #13); one that
//   comes a byte at a time takes no more memory than another;
// - bytes that make the parser throw are a fault of the client, not of the process;
// - what the parser lets pass and MQTT 3.1.1 does not ends the connection (aedes #18 to #21): texts that are no UTF-8, fields
//   that do not fill their packet, flags and ids that contradict each other;
// - the filters of a SUBSCRIBE are numbered: aedes sees one distinct, well-formed topic for each, so that duplicates
//   get their codes (aedes #9) and a bad filter gets its 128 instead of ending the connection. Who subscribed to what
//   is kept by the router alone, under the real filters.

import { isUtf8 } from 'node:buffer'
import { filterFault } from '../model/topic.ts'
import type { WireParser } from './engine-client.ts'
import type { Limits } from './limits.ts'
import { OverLimit } from './over-limit.ts'

/** Protocol level by protocol name. */
const LEVELS: Readonly<Record<string, number>> = { MQTT: 4, MQIsdp: 3 }
/** A level that aedes answers with CONNACK 1. */
const UNSUPPORTED_LEVEL = 5

/** The first byte of one. */
const CONNECT = 0x10
/** Nobody knows yet who it is: it gets no more memory than its five texts can need. */
const CONNECT_BYTES = 10 + 5 * (2 + 65_535)
/** Pieces of a packet are put together when there are so many, … */
const MANY_PIECES = 256
/** … and they are so small: each costs some hundred bytes beside its own. */
const SMALL_PIECE_BYTES = 1024

/** The client's fault, in words for the log. */
class Malformed extends Error {}

export function guardParser(parser: WireParser, limits: Pick<Limits, 'maxPacketSize' | 'maxTopicLevels'>): void {
  guardPieces(parser)
  guardFrame(parser, limits.maxPacketSize)
  guardText(parser)
  guardConnect(parser)
  guardFilters(parser, limits.maxTopicLevels)
}

function guardPieces(parser: WireParser): void {
  const { parse } = parser
  let pieces = 0
  parser.parse = (bytes) => {
    const waiting = parse.call(parser, bytes)
    pieces = waiting > 0 ? pieces + 1 : 0
    if (pieces < MANY_PIECES || waiting > pieces * SMALL_PIECE_BYTES) return waiting
    const { _list } = parser
    const whole = _list.slice(0, _list.length)
    _list.consume(_list.length)
    _list.append(whole)
    pieces = 1
    return waiting
  }
}

function guardFrame(parser: WireParser, maxPacketSize: number): void {
  const { _parseHeader, _parseLength, _parsePayload } = parser
  let isFirst = true

  parser._parseHeader = () => {
    const { packet } = parser
    if (isFirst && parser._list.get(0) !== CONNECT) {
      parser._emitError(new Malformed('its first byte is no CONNECT')) // [MQTT-3.1.0-1]
      return false
    }
    if (!_parseHeader.call(parser)) return false
    if (packet.cmd !== 'publish' || packet.qos > 0 || !packet.dup) return true
    parser._emitError(new Malformed('a PUBLISH of QoS 0 with DUP')) // [MQTT-3.3.1-2]
    return false
  }

  parser._parseLength = () => {
    const complete = _parseLength.call(parser)
    const { length } = parser.packet
    const most = isFirst ? Math.min(maxPacketSize, CONNECT_BYTES) : maxPacketSize
    if (complete) isFirst = false
    if (!complete || length <= most) return complete
    const bound = most === maxPacketSize ? 'mqtt.max_packet_size' : 'what a CONNECT can hold'
    parser._emitError(new OverLimit('packet_size', `a packet of ${length} bytes is over ${bound}`))
    return false
  }

  parser._parsePayload = () => {
    try {
      const complete = _parsePayload.call(parser)
      if (complete && !parser.error) assertFilled(parser)
      return complete
    } catch (error) {
      parser._emitError(error instanceof Malformed ? error : new Malformed('malformed packet', { cause: error }))
      return false
    }
  }
}

/** The parser reads on into the next packet where a field is missing, and passes over what is too much. */
function assertFilled({ packet: { cmd, length }, _pos }: WireParser): void {
  const filled = cmd === 'publish' ? _pos <= length : _pos === length // a payload is the rest, whatever its length
  if (!filled) throw new Malformed(`the fields of a ${cmd.toUpperCase()} do not fill its length`)
}

function guardText(parser: WireParser): void {
  const { _parseString } = parser
  parser._parseString = () => {
    const start = parser._pos + 2
    const text = _parseString.call(parser)
    if (text?.includes('\0')) throw new Malformed('a text holds the character NUL') // [MQTT-1.5.3-2]
    // the parser puts U+FFFD in the place of what is no UTF-8; it may have been sent as such, too [MQTT-1.5.3-1]
    if (text?.includes('\ufffd') && !isUtf8(parser._list.slice(start, parser._pos)))
      throw new Malformed('a text is not UTF-8')
    return text
  }
}

function guardConnect(parser: WireParser): void {
  const { _parseConnect } = parser
  parser._parseConnect = () => {
    const { packet } = parser
    if (!isLevelSupported(parser)) {
      // aedes answers with CONNACK 1 [MQTT-3.1.2-2]; what came behind it is nothing [MQTT-3.1.4-5]
      const length = parser._list.length
      Object.assign(packet, { protocolVersion: UNSUPPORTED_LEVEL, clientId: '', clean: true, keepalive: 0, length })
      parser._pos = length
      return
    }
    _parseConnect.call(parser)
    if (packet.will?.qos === 3) throw new Malformed('a will of QoS 3') // [MQTT-3.1.2-14]
    if (packet.password && packet.username === undefined) throw new Malformed('a password without a user name') // [MQTT-3.1.2-22]
  }
}

/** False also for 0x83 and 0x84, by which mosquitto's bridges ask for more than MQTT 3 has; refused, they ask for that. */
function isLevelSupported({ _list, packet }: WireParser): boolean {
  const nameEnd = 2 + _list.readUInt16BE(0)
  const level = LEVELS[_list.toString('latin1', 2, nameEnd)]
  return level === undefined || nameEnd >= packet.length || _list.get(nameEnd) === level // the parser knows what to say
}

function guardFilters(parser: WireParser, maxTopicLevels: number): void {
  const { _parseSubscribe, _parseUnsubscribe } = parser

  parser._parseSubscribe = () => {
    _parseSubscribe.call(parser)
    const { subscriptions = [] } = parser.packet
    assertAsked(parser, subscriptions)
    subscriptions.forEach((subscription, index) => {
      subscription.filter = subscription.topic
      subscription.topic = `filter-${index}`
    })
  }

  parser._parseUnsubscribe = () => {
    _parseUnsubscribe.call(parser)
    const { packet } = parser
    const { unsubscriptions = [] } = packet
    assertAsked(parser, unsubscriptions)
    packet.unsubscriptions = unsubscriptions.filter((filter) => !subscriptionFault(filter, maxTopicLevels))
  }
}

function assertAsked({ packet: { cmd, messageId }, error }: WireParser, filters: readonly unknown[]): void {
  if (error) return
  if (messageId === 0) throw new Malformed(`a ${cmd.toUpperCase()} with packet id 0`) // [MQTT-2.3.1-1]
  // [MQTT-3.8.3-3], [MQTT-3.10.3-2]
  if (filters.length === 0) throw new Malformed(`a ${cmd.toUpperCase()} without a filter`)
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
