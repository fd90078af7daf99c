-- The tables of the EMQX backend for PostgreSQL, with types wide enough for what MQTT allows. Times are UTC.
-- May be run again: what is there stays as it is.

create table if not exists mqtt_client (
  id bigserial primary key,
  clientid text collate "C" not null unique,
  state integer,
  node text,
  online_at timestamp(3),
  offline_at timestamp(3),
  created timestamp(3) default timezone('utc', now())
);

create table if not exists mqtt_sub (
  id bigserial primary key,
  clientid text collate "C" not null,
  topic text collate "C" not null,
  qos integer,
  created timestamp(3) default timezone('utc', now()),
  unique (clientid, topic)
);

create table if not exists mqtt_msg (
  id bigserial primary key,
  msgid text collate "C" unique,
  sender text collate "C",
  topic text collate "C" not null,
  qos integer,
  retain integer,
  payload text,
  arrived timestamp(3)
);
-- Fetches ask for a topic's rows behind a position. An index entry has a bound of 2.7 kB and a topic may be longer.
create index if not exists mqtt_msg_topic on mqtt_msg (left(topic, 400), id);

create table if not exists mqtt_retain (
  id bigserial primary key,
  topic text collate "C" not null unique,
  msgid text collate "C",
  sender text collate "C",
  qos integer,
  payload text,
  arrived timestamp(3)
);

create table if not exists mqtt_acked (
  id bigserial primary key,
  clientid text collate "C" not null,
  topic text collate "C" not null,
  mid bigint,
  created timestamp(3) default timezone('utc', now()),
  unique (clientid, topic)
);

-- For on_message_delivered.
create table if not exists mqtt_delivered (
  id bigserial primary key,
  clientid text collate "C" not null,
  topic text collate "C" not null,
  msgid text collate "C" not null,
  delivered_at timestamp(3)
);
create index if not exists mqtt_delivered_msgid on mqtt_delivered (msgid);

-- How far each gateway's journal has been forwarded; moved in the transaction of what it accounts for.
create table if not exists holdfast_mark (
  journal text not null,
  pool text not null,
  seq bigint not null,
  event text not null,
  node text,
  at timestamp(3) default timezone('utc', now()),
  primary key (journal, pool)
);
