-- The tables of the EMQX backend for MySQL, with types wide enough for what MQTT allows. MySQL 5.7, MariaDB 10.2 or newer;
-- on older servers `holdfast schema mysql --apply` leaves row_key out.
-- Names and topics are longer than an index takes, so their hash (row_key) is what is unique.
-- May be run again: what is there stays as it is.

create table if not exists mqtt_client (
  id bigint unsigned not null auto_increment primary key,
  clientid text not null,
  state tinyint,
  node text,
  online_at datetime(3),
  offline_at datetime(3),
  created timestamp(3) null default current_timestamp(3),
  row_key binary(32) generated always as (unhex(sha2(clientid, 256))) stored,
  unique key mqtt_client_key (row_key),
  key mqtt_client_idx (clientid(191))
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

create table if not exists mqtt_sub (
  id bigint unsigned not null auto_increment primary key,
  clientid text not null,
  topic text not null,
  qos int,
  created timestamp(3) null default current_timestamp(3),
  row_key binary(32) generated always as (unhex(sha2(concat(clientid, x'00', topic), 256))) stored,
  unique key mqtt_sub_key (row_key),
  key mqtt_sub_idx (clientid(191))
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

create table if not exists mqtt_msg (
  id bigint unsigned not null auto_increment primary key,
  msgid varchar(191),
  topic text not null,
  sender text,
  node text,
  qos int not null default 0,
  retain tinyint,
  payload longblob,
  arrived datetime(3),
  unique key mqtt_msg_msgid (msgid),
  key mqtt_msg_topic (topic(191), id)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

create table if not exists mqtt_retain (
  id bigint unsigned not null auto_increment primary key,
  topic text not null,
  msgid varchar(191),
  sender text,
  node text,
  qos int,
  payload longblob,
  arrived datetime(3),
  row_key binary(32) generated always as (unhex(sha2(topic, 256))) stored,
  unique key mqtt_retain_key (row_key),
  key mqtt_retain_topic (topic(191))
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

create table if not exists mqtt_acked (
  id bigint unsigned not null auto_increment primary key,
  clientid text not null,
  topic text not null,
  mid bigint unsigned,
  created timestamp(3) null default current_timestamp(3),
  row_key binary(32) generated always as (unhex(sha2(concat(clientid, x'00', topic), 256))) stored,
  unique key mqtt_acked_key (row_key),
  key mqtt_acked_idx (clientid(191))
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- For on_message_delivered.
create table if not exists mqtt_delivered (
  id bigint unsigned not null auto_increment primary key,
  clientid text not null,
  topic text not null,
  msgid varchar(191) not null,
  delivered_at datetime(3),
  key mqtt_delivered_msgid (msgid)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

-- How far each gateway's journal has been forwarded; moved in the transaction of what it accounts for.
create table if not exists holdfast_mark (
  journal varchar(64) not null,
  pool varchar(127) not null,
  seq bigint not null,
  event varchar(64) not null,
  node text,
  at datetime(3),
  primary key (journal, pool)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;
