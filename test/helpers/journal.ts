// A journal in a folder of its own, for tests.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { createLogger } from '../../src/log/logger.ts'
import type { Binding, PoolId } from '../../src/model/binding.ts'
import type { EventDraft, HookEvent } from '../../src/model/event.ts'
import { type Journal, type JournalOptions, type LocalWrite, openJournal } from '../../src/queue/journal.ts'
import { type Lanes, openLanes } from '../../src/queue/lanes.ts'

const endings = new WeakMap<TestContext, (() => void | Promise<void>)[]>()

/** Runs `action` when the test is over; what was asked last runs first. */
export function atEnd(t: TestContext, action: () => void | Promise<void>): void {
  const known = endings.get(t)
  if (known) {
    known.push(action)
    return
  }
  const actions = [action]
  endings.set(t, actions)
  t.after(async () => {
    for (const last of actions.reverse()) await last()
  })
}

export function temporaryFolder(t: TestContext): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'))
  atEnd(t, () => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function journalOptions(dataDir: string, more: Partial<JournalOptions> = {}): JournalOptions {
  return {
    dataDir,
    maxBytes: 1 << 30,
    reserveBytes: 0,
    full: 'refuse',
    commitWindowMs: 20,
    retainMs: 24 * 3600_000,
    tables: [],
    clock: { now: Date.now, trusted: () => true },
    log: createLogger({ level: 'silent', pretty: false }),
    ...more,
  }
}

export async function openTestJournal(
  t: TestContext,
  dataDir: string,
  more: Partial<JournalOptions> = {},
): Promise<Journal> {
  const journal = await openJournal(journalOptions(dataDir, more))
  let closed = false
  const close = journal.close.bind(journal)
  journal.close = async () => {
    closed = true
    await close()
  }
  atEnd(t, () => (closed ? undefined : journal.close()))
  return journal
}

export function openTestLanes(journal: Journal): Lanes {
  return openLanes({ file: journal.reader.name, port: journal.lanePort() })
}

export function publish(topic: string, text = 'x', clientid = 'c1'): EventDraft {
  return { hook: 'message.publish', clientid, topic, payload: Buffer.from(text), qos: 1, retain: false }
}

export function bindingOf(pool: PoolId, more: Partial<Binding> = {}): Binding {
  return {
    pool,
    hook: 'message.publish',
    order: 1,
    action: { function: 'on_message_publish' },
    options: {},
    ...more,
  }
}

/** Appends and waits for the disk. */
export function appended(
  journal: Journal,
  draft: EventDraft,
  set = 0,
  local: readonly LocalWrite[] = [],
): Promise<HookEvent> {
  return new Promise((resolve, reject) => {
    const event = journal.append(draft, set, (error) => (error ? reject(error) : resolve(event)), local)
  })
}

export function posted(journal: Journal, statement: string, values: LocalWrite['values']): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.post({ statement, values }, (error) => (error ? reject(error) : resolve()))
  })
}
