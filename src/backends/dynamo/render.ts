// A part as the items of its transaction, and the rows that may be written beside it. Pure.

import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { MarkMove } from '../../model/operation.ts'
import type { ClientState, Delivery } from '../merge.ts'
import type { Item } from './connection.ts'
import { inSeconds, messageItem } from './items.ts'
import { itemName, type Part } from './part.ts'
import type { Action } from './positions.ts'
import type { TableWrite } from './requests.ts'
import { changeIds } from './topic-map.ts'

export interface RenderOptions {
  /** Part of this may be there already. */
  readonly idempotent: boolean
  /** The table mqtt_delivered is there. */
  readonly deliveries: boolean
}

/** Ids of a topic's messages that come and go. None is in both. */
export interface TopicChange {
  readonly topic: string
  readonly come: string[]
  readonly go: string[]
}

/** A message that comes and goes in the same part never gets into the set. */
export function topicChanges({ merged, removals }: Part, { idempotent }: RenderOptions): TopicChange[] {
  const topics = new Map<string, TopicChange>()
  const of = (topic: string): TopicChange => {
    const change = topics.get(topic) ?? { topic, come: [], go: [] }
    topics.set(topic, change)
    return change
  }
  for (const { msgid, topic } of merged.inserts.values()) if (!removals.has(msgid)) of(topic).come.push(msgid)
  for (const [msgid, topic] of removals) if (idempotent || !merged.inserts.has(msgid)) of(topic).go.push(msgid)
  return [...topics.values()]
}

export function topicActions(changes: readonly TopicChange[]): Action[] {
  return changes.map(({ topic, come, go }) => ({
    name: itemName('mqtt_topic_msg_map', topic),
    item: { Update: come.length > 0 ? changeIds('ADD', topic, come) : changeIds('DELETE', topic, go) },
  }))
}

/** Messages and deliveries to be there, each item once: the last of several deliveries of a message to a client. */
export function puts(parts: readonly Part[], { deliveries }: RenderOptions): TableWrite[] {
  const items = new Map<string, TableWrite>()
  for (const { merged, removals } of parts) {
    for (const message of merged.inserts.values()) {
      if (removals.has(message.msgid)) continue
      items.set(itemName('mqtt_msg', message.msgid), put('mqtt_msg', messageItem(message)))
    }
    for (const delivery of deliveries ? merged.deliveries : []) {
      const name = itemName('mqtt_delivered', delivery.msgid, delivery.clientid)
      items.set(name, put('mqtt_delivered', deliveryItem(delivery)))
    }
  }
  return [...items.values()]
}

/** Messages to be gone, if they are there: also what an earlier try may have left. */
export function deletes({ removals }: Part): TableWrite[] {
  return [...removals.keys()].map((msgid) => ({
    table: 'mqtt_msg',
    request: { DeleteRequest: { Key: { msgid: { S: msgid } } } },
  }))
}

function put(table: string, Item: Item): TableWrite {
  return { table, request: { PutRequest: { Item } } }
}

function deliveryItem({ clientid, topic, msgid, at }: Delivery): Item {
  return { msgid: { S: msgid }, clientid: { S: clientid }, topic: { S: topic }, delivered_at: inSeconds(at) }
}

/** A put or delete of a row, in the transaction. */
export function rowAction({ table, request: { PutRequest, DeleteRequest } }: TableWrite): Action {
  const key = PutRequest?.Item ?? DeleteRequest!.Key!
  const name =
    table === 'mqtt_msg' ? itemName(table, key.msgid!.S!) : itemName('mqtt_delivered', key.msgid!.S!, key.clientid!.S!)
  const item: TransactWriteItem = PutRequest
    ? { Put: { TableName: table, Item: PutRequest.Item } }
    : { Delete: { TableName: table, Key: DeleteRequest!.Key } }
  return { name, item }
}

export function stateActions({ merged }: Part): Action[] {
  return [
    ...[...merged.retained].map(([topic, message]): Action => {
      const name = itemName('mqtt_retain', topic)
      if (!message) return { name, item: { Delete: { TableName: 'mqtt_retain', Key: { topic: { S: topic } } } } }
      return { name, item: { Put: { TableName: 'mqtt_retain', Item: messageItem({ ...message, retain: true }) } } }
    }),
    ...[...merged.clients.values()].map((state) => ({
      name: itemName('mqtt_client', state.clientid),
      item: { Update: clientUpdate(state) },
    })),
  ]
}

const NEVER = { N: '0' }

function clientUpdate({
  clientid,
  state,
  node,
  onlineAt,
  offlineAt,
}: ClientState): NonNullable<TransactWriteItem['Update']> {
  const online = onlineAt === null ? 'if_not_exists(#online, :online)' : ':online'
  return {
    TableName: 'mqtt_client',
    Key: { clientid: { S: clientid } },
    UpdateExpression: `SET #state = :state, #node = :node, #online = ${online}, #offline = :offline`,
    ExpressionAttributeNames: {
      '#state': 'connect_state',
      '#node': 'node',
      '#online': 'online_at',
      '#offline': 'offline_at',
    },
    ExpressionAttributeValues: {
      ':state': { N: String(state) },
      ':node': { S: node },
      ':online': onlineAt === null ? NEVER : inSeconds(onlineAt),
      ':offline': offlineAt === null ? NEVER : inSeconds(offlineAt),
    },
  }
}

/** Compare-and-set: fails, and everything with it, when the mark is not `from` any more. */
export function markAction({ journal, node, from, to }: MarkMove, pool: string): Action {
  return {
    name: itemName('holdfast_mark', journal, pool),
    item: {
      Update: {
        TableName: 'holdfast_mark',
        Key: { journal: { S: journal }, pool: { S: pool } },
        UpdateExpression: 'SET #seq = :seq, #event = :event, #node = :node, #at = :at',
        ConditionExpression: from ? '#seq = :fromSeq AND #event = :fromEvent' : 'attribute_not_exists(journal)',
        ExpressionAttributeNames: { '#seq': 'seq', '#event': 'event', '#node': 'node', '#at': 'at' },
        ExpressionAttributeValues: {
          ':seq': { N: String(to.seq) },
          ':event': { S: to.event },
          ':node': { S: node },
          ':at': inSeconds(Date.now()),
          ...(from && { ':fromSeq': { N: String(from.seq) }, ':fromEvent': { S: from.event } }),
        },
      },
    },
  }
}
