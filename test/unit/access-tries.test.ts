// Password checks and wrong passwords: bounded, and fair to those who are right.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AccessControl, type AccessRules, type Applicant } from '../../src/access/access.ts'
import { Checks } from '../../src/access/checks.ts'
import { MAX_CHECK_BYTES, type PasswordHash } from '../../src/access/password-hash.ts'
import { Tries } from '../../src/access/tries.ts'

/** A hash whose checks end when the test says so; the password is `right`. */
class SlowHash implements PasswordHash {
  readonly text: string
  readonly memoryBytes: number
  /** Passwords that were checked, in order. */
  readonly checked: string[] = []
  running = 0
  mostRunning = 0
  readonly #ends: (() => void)[] = []

  constructor(text = 'slow', memoryBytes = 1) {
    this.text = text
    this.memoryBytes = memoryBytes
  }

  async verify(password: Buffer): Promise<boolean> {
    this.checked.push(password.toString())
    this.mostRunning = Math.max(this.mostRunning, ++this.running)
    await new Promise<void>((end) => this.#ends.push(end))
    this.running--
    return password.toString() === 'right'
  }

  /** Ends the oldest check, and lets what follows from that happen. */
  async end(): Promise<void> {
    this.#ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const always = (): boolean => true

describe('checks', () => {
  const ask = (checks: Checks, hash: PasswordHash, password: string, wanted = always) =>
    checks.check(checks.digest('ada', Buffer.from(password), hash), Buffer.from(password), hash, wanted)

  test('two run at a time, the others wait in order', async () => {
    const [checks, hash] = [new Checks(), new SlowHash()]
    const outcomes = ['1', 'right', '3', '4'].map((password) => ask(checks, hash, password))
    assert.deepEqual([hash.checked, checks.waiting], [['1', 'right'], 2])
    for (let count = 0; count < 4; count++) await hash.end()
    assert.deepEqual(await Promise.all(outcomes), ['wrong', 'right', 'wrong', 'wrong'])
    assert.deepEqual([hash.checked, hash.mostRunning], [['1', 'right', '3', '4'], 2])
  })

  test('large ones run alone', async () => {
    const [checks, hash] = [new Checks(), new SlowHash('large', MAX_CHECK_BYTES)]
    const outcomes = ['1', '2'].map((password) => ask(checks, hash, password))
    assert.equal(hash.checked.length, 1)
    await hash.end()
    await hash.end()
    await Promise.all(outcomes)
    assert.equal(hash.mostRunning, 1)
  })

  test('the same check runs once, for as long as somebody wants it', async () => {
    const [checks, hash] = [new Checks(), new SlowHash()]
    const first = [ask(checks, hash, '1'), ask(checks, hash, '2')]
    const same = [ask(checks, hash, 'right', () => false), ask(checks, hash, 'right')]
    const nobody = ask(checks, hash, '4', () => false)
    for (let count = 0; count < 3; count++) await hash.end()
    assert.deepEqual(await Promise.all([...first, ...same, nobody]), ['wrong', 'wrong', 'right', 'right', 'off'])
    assert.deepEqual(hash.checked, ['1', '2', 'right'])
  })

  test('so many wait and no more', async () => {
    const [checks, hash] = [new Checks(), new SlowHash()]
    const outcomes = Array.from({ length: 1100 }, (_, index) => ask(checks, hash, String(index), () => index < 2))
    assert.equal(checks.waiting, 1000)
    await hash.end()
    await hash.end()
    const counts = Object.groupBy(await Promise.all(outcomes), (outcome) => outcome)
    assert.deepEqual([counts.wrong?.length, counts.off?.length, counts.busy?.length], [2, 1000, 98])
  })

  test('a check that fails tells who waits for it, and the next one runs', async () => {
    const checks = new Checks()
    const failing = { text: 'x', memoryBytes: 1, verify: () => Promise.reject(new Error('no memory')) }
    await assert.rejects(ask(checks, failing, '1'), /no memory/)
    const hash = new SlowHash()
    const next = ask(checks, hash, 'right')
    await hash.end()
    assert.equal(await next, 'right')
  })

  test('what is remembered is the name, the password and the hash together', () => {
    const checks = new Checks()
    const [one, other] = [new SlowHash('one'), new SlowHash('other')]
    const password = Buffer.from('right')
    checks.remember(checks.digest('ada', password, one))
    assert.equal(checks.remembers(checks.digest('ada', password, one)), true)
    assert.equal(checks.remembers(checks.digest('bob', password, one)), false)
    assert.equal(checks.remembers(checks.digest('ada', password, other)), false)
    assert.equal(checks.remembers(checks.digest('ada', Buffer.from('right '), one)), false)
    assert.equal(new Checks().remembers(checks.digest('ada', password, one)), false)
  })
})

describe('tries', () => {
  const fail = (tries: Tries, count: number, address: string, now: number, name = 'ada'): void => {
    for (let index = 0; index < count; index++) tries.failed(name, address, now)
  }

  test('a name from an address waits 1 s, 2 s, … 5 minutes; others do not', () => {
    const tries = new Tries({ perName: 5, perAddress: 100 })
    fail(tries, 4, '10.0.0.1', 0)
    assert.equal(tries.held('ada', '10.0.0.1', 0), false)
    fail(tries, 1, '10.0.0.1', 0)
    assert.deepEqual(
      [999, 1000].map((now) => tries.held('ada', '10.0.0.1', now)),
      [true, false],
    )
    assert.deepEqual([tries.held('bob', '10.0.0.1', 0), tries.held('ada', '10.0.0.2', 0)], [false, false])
    assert.deepEqual(tries.figures(0), { names: 1, addresses: 0 })
    fail(tries, 1, '10.0.0.1', 1000)
    assert.deepEqual(
      [2999, 3000].map((now) => tries.held('ada', '10.0.0.1', now)),
      [true, false],
    )
    fail(tries, 20, '10.0.0.1', 3000)
    assert.deepEqual(
      [302_999, 303_000].map((now) => tries.held('ada', '10.0.0.1', now)),
      [true, false],
    )
    fail(tries, 1, '10.0.0.1', 3000 + 15 * 60_000)
    assert.equal(tries.held('ada', '10.0.0.1', 3000 + 15 * 60_000), false) // forgotten, so this is the first
  })

  test('being right ends the wait of that name', () => {
    const tries = new Tries({ perName: 1, perAddress: 100 })
    fail(tries, 1, '::1', 0)
    tries.succeeded('ada', '::1')
    assert.equal(tries.held('ada', '::1', 0), false)
  })

  test('an address has so many tries, whatever the names, and then ten a minute', () => {
    const tries = new Tries({ perName: 5, perAddress: 100 })
    for (let index = 0; index < 100; index++) {
      assert.equal(tries.held('new', '10.0.0.1', 0), false, String(index))
      fail(tries, 1, '10.0.0.1', 0, `name${index}`)
    }
    assert.equal(tries.held('new', '10.0.0.1', 5999), true)
    assert.equal(tries.held('new', '10.0.0.1', 6001), false)
    assert.equal(tries.held('new', '10.0.0.2', 0), false)
    fail(tries, 1, '10.0.0.1', 6001, 'again')
    assert.equal(tries.held('new', '10.0.0.1', 6001), true)
    assert.deepEqual(tries.figures(6001), { names: 0, addresses: 1 })
  })

  test('an address of IPv6 stands for its /64', () => {
    const tries = new Tries({ perName: 1, perAddress: 100 })
    fail(tries, 1, '2001:db8:0:1::5', 0)
    const held = (address: string): boolean => tries.held('ada', address, 0)
    assert.deepEqual(
      ['2001:db8:0:1:ffff::1', '2001:db8::1:0:0:0:9', '2001:db8:0:2::5', '2001:db8::5', '::1'].map(held),
      [true, true, false, false, false],
    )
  })

  test('too many addresses: those that were not heard of for longest are forgotten', () => {
    const tries = new Tries({ perName: 1, perAddress: 100 })
    for (let index = 0; index < 10_001; index++) fail(tries, 1, `10.0.${index >> 8}.${index & 255}`, 0)
    assert.deepEqual([tries.held('ada', '10.0.0.0', 0), tries.held('ada', '10.0.0.1', 0)], [false, true])
    assert.equal(tries.figures(0).names, 10_000)
  })

  test('infinity never waits', () => {
    const tries = new Tries({ perName: Number.POSITIVE_INFINITY, perAddress: Number.POSITIVE_INFINITY })
    fail(tries, 1000, '10.0.0.1', 0)
    assert.equal(tries.held('ada', '10.0.0.1', 0), false)
  })
})

describe('who is let in', () => {
  const rules = (more: Partial<AccessRules>): AccessRules => ({
    users: new Map(),
    acl: undefined,
    anonymous: 'auto',
    nomatch: 'allow',
    denyAction: 'ignore',
    admins: new Set(),
    tries: { perName: 2, perAddress: 100 },
    ...more,
  })
  const applicant = (more: Partial<Applicant>): Applicant => ({
    clientid: 'c',
    username: 'ada',
    password: Buffer.from('right'),
    peerhost: '10.0.0.1',
    gone: () => false,
    ...more,
  })
  const instant = (text = 'hash'): PasswordHash & { count: number } => ({
    text,
    memoryBytes: 1,
    count: 0,
    async verify(password) {
      this.count++
      return password.toString() === 'right'
    },
  })
  const outcome = async (control: AccessControl, more: Partial<Applicant> = {}): Promise<string> => {
    const admitted = await control.admit(applicant(more))
    return typeof admitted === 'string' ? admitted : `in as ${admitted.username}`
  }
  const wrong = { password: Buffer.from('wrong') }

  test('the table of the design', async () => {
    const nobody = new AccessControl(rules({}))
    assert.equal(await outcome(nobody, { username: null }), 'in as null')
    assert.equal(await outcome(nobody), 'in as null')
    const closed = new AccessControl(rules({ anonymous: false }))
    assert.equal(await outcome(closed, { username: null }), 'authorization')
    assert.equal(await outcome(closed), 'credentials')
    const some = new AccessControl(rules({ users: new Map([['ada', instant()]]) }))
    assert.equal(await outcome(some, { username: null }), 'authorization')
    assert.equal(await outcome(some), 'in as ada')
    assert.equal(await outcome(some, { username: 'eve' }), 'credentials') // whatever somebody's password is
    assert.equal(await outcome(some, { password: undefined }), 'credentials')
    assert.equal(await outcome(some, { identity: 'machine', password: undefined }), 'in as machine')
    assert.equal(await outcome(some, { identity: null }), 'authorization')
    const both = new AccessControl(rules({ users: new Map([['ada', instant()]]), anonymous: true }))
    assert.equal(await outcome(both, { username: null }), 'in as null')
    assert.equal(await outcome(both, wrong), 'credentials')
  })

  test('who is known costs no check, and is not held up by wrong tries; whoever else is', async () => {
    const hash = instant()
    const control = new AccessControl(rules({ users: new Map([['ada', hash]]) }))
    assert.equal(await outcome(control), 'in as ada')
    for (let count = 0; count < 2; count++) assert.equal(await outcome(control, wrong), 'credentials')
    assert.equal(await outcome(control, wrong), 'tries')
    assert.equal(await outcome(control), 'in as ada')
    assert.equal(hash.count, 3)
    assert.equal(await outcome(control, { password: Buffer.from('wrong, too') }), 'tries')
    assert.equal(await outcome(control, { ...wrong, peerhost: '10.0.0.2' }), 'credentials')
  })

  test('a name that nobody has costs as much as a user, and waits as long', async () => {
    const hash = instant()
    const control = new AccessControl(rules({ users: new Map([['ada', hash]]) }))
    for (let count = 0; count < 2; count++) assert.equal(await outcome(control, { username: 'eve' }), 'credentials')
    assert.equal(hash.count, 2)
    assert.equal(await outcome(control, { username: 'eve' }), 'tries')
  })

  test('rules that change while a password is checked are the ones that count', async () => {
    const hash = new SlowHash()
    const control = new AccessControl(rules({ users: new Map([['ada', hash]]) }))
    const admitted = outcome(control)
    control.replace(rules({ users: new Map([['ada', instant('another')]]) }))
    await hash.end()
    assert.equal(await admitted, 'credentials')
  })

  test('what was granted holds as long as the rules do', async () => {
    const users = new Map([['ada', instant()]])
    const control = new AccessControl(rules({ users }))
    const ada = await control.admit(applicant({}))
    const machine = await control.admit(applicant({ identity: 'machine' }))
    assert.ok(typeof ada === 'object' && typeof machine === 'object')
    control.replace(rules({ users: new Map([['ada', instant()]]), nomatch: 'deny' }))
    assert.deepEqual(
      [ada.holds(), ada.mayPublish('x'), ada.mayRead('x'), ada.maySubscribe('x')],
      [true, false, false, false],
    )
    control.replace(rules({ users: new Map([['ada', instant('another')]]) }))
    assert.deepEqual([ada.holds(), machine.holds()], [false, true])
    control.replace(rules({}))
    assert.equal(ada.holds(), false)
  })

  test('$SYS is read on the gateway itself, by admins, and by whom a line allows it', async () => {
    const acl = {
      anonymous: [],
      users: new Map([
        ['grafana', [{ filter: '$SYS/#', access: 'read' as const }]],
        ['local', [{ filter: '$SYS/#', access: 'deny' as const }]],
      ]),
      places: new Map(),
      patterns: [{ filter: '#', access: 'readwrite' as const }],
      length: 3,
    }
    const control = new AccessControl(rules({ acl, nomatch: 'deny', admins: new Set(['boss']) }))
    const sees = async (identity: string, peerhost = '10.0.0.1'): Promise<boolean[]> => {
      const access = await control.admit(applicant({ identity, peerhost }))
      return typeof access === 'object'
        ? [access.mayRead('$SYS/x'), access.maySubscribe('$SYS/#'), access.mayRead('x')]
        : []
    }
    assert.deepEqual(await sees('ada'), [false, false, true])
    assert.deepEqual(await sees('boss'), [true, true, true])
    assert.deepEqual(await sees('grafana'), [true, true, true])
    assert.deepEqual(await sees('ada', '127.0.0.1'), [true, true, true])
    assert.deepEqual(await sees('ada', '::1'), [true, true, true])
    assert.deepEqual(await sees('local', '127.0.0.1'), [false, false, true])
  })
})
