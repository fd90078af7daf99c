// The journal's own tables, declared like those of the other rooms.

import type { LocalTables } from './journal.ts'

/** Small pages: a commit of a few events writes few bytes (see DESIGN.md, "Bytes written"). */
export const PAGE_SIZE = 1024

export const queueTables: LocalTables = {
  name: 'queue',
  migrations: [
    `create table event (seq integer primary key, bindings integer not null, record blob not null);
     create table binding (id integer primary key, pool text not null, definition text not null);
     create table binding_set (id integer primary key, bindings text not null);
     create table lane (pool text primary key, cursor integer not null);
     create table dead_letter (
       id integer primary key autoincrement, pool text not null, seq integer not null, binding integer not null,
       code text not null, message text not null, operation text not null, at integer not null, record blob not null,
       unique (pool, seq, binding));
     create table boot (
       number integer primary key, boot text not null, started_monotonic real not null, earliest real not null,
       wall_offset real);
     create table meta (key text primary key, value text not null);`,
    // what the operator gave up: it stays so when the remote goes back
    'create table given_up (pool text not null, after integer not null, up_to integer not null)',
  ],
  statements: {
    'binding.put': 'insert or ignore into binding (id, pool, definition) values (?, ?, ?)',
    'binding.drop': 'delete from binding where id = ? and id not in (select binding from dead_letter)',
    'set.drop': 'delete from binding_set where id = ?',
    'lane.add': 'insert or ignore into lane (pool, cursor) values (?, ?)',
    'boot.put':
      'insert or ignore into boot (number, boot, started_monotonic, earliest, wall_offset) values (?, ?, ?, ?, ?)',
    'boot.offset': 'update boot set wall_offset = ? where number = ?',
    'letter.drop': 'delete from dead_letter where id = ?',
    'meta.put': 'insert or replace into meta (key, value) values (?, ?)',
  },
}

/** Clients that are connected right now, so that the next run knows who was when this one died. */
export const onlineTables: LocalTables = {
  name: 'online',
  migrations: ['create table online (clientid text primary key, at integer not null) without rowid'],
  statements: {
    put: 'insert or replace into online (clientid, at) values (?, ?)',
    delete: 'delete from online where clientid = ?',
  },
}
