// The peer end to end: Telegraf reads from mosquitto at QoS 1 and acknowledges what PostgreSQL has.

/** What is turned to make it prompt or wide. */
export interface Flush {
  readonly interval: string
  readonly batch: number
  /** Messages that it takes and does not yet acknowledge. */
  readonly undelivered: number
}

/** As it comes, but for the interval: 10 s would be its default. */
export const STANDARD: Flush = { interval: '1s', batch: 1000, undelivered: 1000 }
export const PROMPT: Flush = { interval: '100ms', batch: 1000, undelivered: 1000 }
export const WIDE: Flush = { interval: '100ms', batch: 5000, undelivered: 20_000 }

/** With the `id` that the table of Holdfast has too; Telegraf would make it without. */
export const TELEGRAF_TABLE = `create table if not exists mqtt_consumer
  (id bigserial primary key, time timestamp, topic text, value text)`

export function telegrafConf(mqttPort: number, postgresUrl: string, { interval, batch, undelivered }: Flush): string {
  return `
[agent]
  omit_hostname = true
  flush_interval = "${interval}"
  metric_batch_size = ${batch}
  metric_buffer_limit = ${10 * undelivered}
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:${mqttPort}"]
  topics = ["bench/#"]
  qos = 1
  max_undelivered_messages = ${undelivered}
  data_format = "value"
  data_type = "string"
[[outputs.postgresql]]
  connection = "${postgresUrl}"
`
}
