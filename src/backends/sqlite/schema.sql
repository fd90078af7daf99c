-- The tables of the EMQX backends' SQL databases, in an embedded file. Times are UTC, as `YYYY-MM-DD HH:MM:SS.mmm`.
-- `payload` has no type: a payload that is text is stored as text, any other as a blob.

create table if not exists mqtt_client (
  id integer primary key,
  clientid text not null unique,
  state integer,
  node text,
  online_at text,
  offline_at text,
  created text default (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);

create table if not exists mqtt_sub (
  id integer primary key,
  clientid text not null,
  topic text not null,
  qos integer,
  created text default (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  unique (clientid, topic)
);

-- Positions are ids of rows, so the id of a row that was deleted must not come again.
create table if not exists mqtt_msg (
  id integer primary key autoincrement,
  msgid text unique,
  sender text,
  topic text not null,
  qos integer,
  retain integer,
  payload,
  arrived text
);
create index if not exists mqtt_msg_topic on mqtt_msg (topic, id);

create table if not exists mqtt_retain (
  id integer primary key,
  topic text not null unique,
  msgid text,
  sender text,
  qos integer,
  payload,
  arrived text
);

create table if not exists mqtt_acked (
  id integer primary key,
  clientid text not null,
  topic text not null,
  mid integer,
  created text default (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  unique (clientid, topic)
);

-- For on_message_delivered.
create table if not exists mqtt_delivered (
  id integer primary key,
  clientid text not null,
  topic text not null,
  msgid text not null,
  delivered_at text
);
create index if not exists mqtt_delivered_msgid on mqtt_delivered (msgid);

-- How far each gateway's journal has been forwarded; moved in the transaction of what it accounts for.
create table if not exists holdfast_mark (
  journal text not null,
  pool text not null,
  seq integer not null,
  event text not null,
  node text,
  at text default (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  primary key (journal, pool)
) without rowid;
