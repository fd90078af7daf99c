// What the kinds of SQL have in common.

/** A custom statement; `log` has no unique key of the message. */
export const LOG = 'insert into log(n, payload) values (${msgid}, ${payload})'

/** Table → its rows in the order of its own ids. */
export const READ: Readonly<Record<string, string>> = {
  mqtt_msg: 'select msgid, payload from mqtt_msg order by id',
  log: 'select n as msgid, payload from log order by id',
}
