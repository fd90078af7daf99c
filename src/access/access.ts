// Who is let in, and what each client may do. Rules change while clients are there: a client's rights are asked anew
// each time, and worked out again when the rules are no longer those that they were worked out from.

import { type Acl, NO_LINES } from './acl.ts'
import { Checks } from './checks.ts'
import type { PasswordHash } from './password-hash.ts'
import { type ClientRules, RuleBook, type Verdict } from './rule-book.ts'
import { Tries, type TryLimits } from './tries.ts'
import { nameFault, passwordFault, type Users } from './users.ts'

/** Everything that an operator may set. */
export interface AccessRules {
  readonly users: Users
  /** Absent: there is no rules file. */
  readonly acl: Acl | undefined
  /** May clients come without a name? auto: as long as there are no users. */
  readonly anonymous: boolean | 'auto'
  /** What no line of the rules file names. */
  readonly nomatch: 'allow' | 'deny'
  /** What becomes of a PUBLISH that is not allowed: it is acknowledged and dropped, or ends the connection. */
  readonly denyAction: 'ignore' | 'disconnect'
  /** Users who may read $SYS. */
  readonly admins: ReadonlySet<string>
  readonly tries: TryLimits
}

/** Who asks to be let in. */
export interface Applicant {
  readonly clientid: string
  readonly username: string | null
  readonly password: Buffer | undefined
  readonly peerhost: string
  /** The name that its certificate proves; null: it proves none. Absent: the listener does not go by certificates. */
  readonly identity?: string | null | undefined
  /** Has it left meanwhile? */
  gone(): boolean
}

/** Why somebody is not let in. tries: too many wrong passwords; busy: too many passwords wait to be checked. */
export type Refusal = 'credentials' | 'authorization' | 'tries' | 'busy'

/** One edition of the rules. */
interface Edition {
  readonly rules: AccessRules
  /** Null: everything is allowed that is not about `$`. */
  readonly book: RuleBook | null
  readonly letsAnonymous: boolean
}

export class AccessControl {
  readonly #checks = new Checks()
  #tries: Tries
  #edition: Edition

  constructor(rules: AccessRules) {
    this.#tries = new Tries(rules.tries)
    this.#edition = editionOf(rules)
  }

  get edition(): Edition {
    return this.#edition
  }

  get denyAction(): 'ignore' | 'disconnect' {
    return this.#edition.rules.denyAction
  }

  /** From now on these rules count, also for the clients that are there. */
  replace(rules: AccessRules): void {
    const { tries } = this.#edition.rules
    if (tries.perName !== rules.tries.perName || tries.perAddress !== rules.tries.perAddress) {
      this.#tries = new Tries(rules.tries)
    }
    this.#edition = editionOf(rules)
  }

  async admit(applicant: Applicant): Promise<ClientAccess | Refusal> {
    const { username, identity } = applicant
    const { rules, letsAnonymous } = this.#edition
    if (identity !== undefined)
      return identity === null ? 'authorization' : new ClientAccess(this, applicant, { name: identity })
    // where there are no users a name proves nothing
    if (username === null || (rules.users.size === 0 && letsAnonymous)) {
      return letsAnonymous ? new ClientAccess(this, applicant, null) : 'authorization'
    }
    return this.#check(applicant, username)
  }

  /** Of a client that is not here: its name was proven when it was. */
  rightsOf(clientid: string, username: string | null): ClientAccess {
    return new ClientAccess(this, { clientid, peerhost: '' }, username === null ? null : { name: username })
  }

  figures() {
    const { rules, letsAnonymous } = this.#edition
    return {
      users: rules.users.size,
      anonymous: letsAnonymous,
      aclLines: rules.acl?.length ?? 0,
      checksWaiting: this.#checks.waiting,
      held: this.#tries.figures(performance.now()),
    }
  }

  async #check(applicant: Applicant, name: string): Promise<ClientAccess | Refusal> {
    const { peerhost, password = NO_PASSWORD } = applicant
    const tries = this.#tries
    const held = (): boolean => tries.held(name, peerhost, performance.now())
    const users = this.#edition.rules.users
    const hash = users.get(name) ?? this.#decoy(name)
    if (!hash || nameFault(name) || passwordFault(password)) {
      if (held()) return 'tries'
      tries.failed(name, peerhost, performance.now())
      return 'credentials'
    }
    const digest = this.#checks.digest(name, password, hash)
    if (!this.#checks.remembers(digest)) {
      if (held()) return 'tries'
      const outcome = await this.#checks.check(digest, password, hash, () => !applicant.gone() && !held())
      if (outcome === 'busy') return 'busy'
      if (outcome === 'off') return 'tries'
      if (outcome === 'wrong' || !users.has(name)) {
        tries.failed(name, peerhost, performance.now())
        return 'credentials'
      }
      tries.succeeded(name, peerhost)
      this.#checks.remember(digest)
    }
    const access = new ClientAccess(this, applicant, { name, hash: hash.text })
    return access.holds() ? access : 'credentials' // the rules may be others by now
  }

  /** For a name that nobody has: a check that takes as long as some user's, always the same one's. */
  #decoy(name: string): PasswordHash | undefined {
    const hashes = [...this.#edition.rules.users.values()]
    if (hashes.length === 0) return undefined
    const digest = this.#checks.digest(name, NO_PASSWORD, hashes[0]!)
    return hashes[Buffer.from(digest, 'base64').readUInt32BE() % hashes.length]
  }
}

/** How a name was proven: by a password whose hash was this one, or by a certificate. */
interface Proof {
  readonly name: string
  readonly hash?: string
}

const NO_PASSWORD = Buffer.alloc(0)
/** Topics whose verdict a client remembers, and how long they may be: 10,000 clients may all be hostile. */
const REMEMBERED_TOPICS = 32
const REMEMBERED_LENGTH = 128

/** The rights of one client. */
export class ClientAccess {
  readonly #control: AccessControl
  readonly #proof: Proof | null
  readonly #clientid: string
  readonly #local: boolean
  #edition: Edition
  #rules: ClientRules | undefined
  readonly #mayPublish = new Map<string, boolean>()

  constructor(
    control: AccessControl,
    { clientid, peerhost }: Pick<Applicant, 'clientid' | 'peerhost'>,
    proof: Proof | null,
  ) {
    this.#control = control
    this.#proof = proof
    this.#clientid = clientid
    this.#local = isLoopback(peerhost)
    this.#edition = control.edition
    this.#rules = this.#compile()
  }

  /** Proven; null for an anonymous client. */
  get username(): string | null {
    return this.#proof?.name ?? null
  }

  /** Would it still be let in? */
  holds(): boolean {
    const { rules, letsAnonymous } = this.#control.edition
    if (this.#proof === null) return letsAnonymous
    const { name, hash } = this.#proof
    return hash === undefined || rules.users.get(name)?.text === hash
  }

  mayPublish(topic: string): boolean {
    const rules = this.#current()
    if (!rules) return true
    const known = this.#mayPublish.get(topic)
    if (known !== undefined) return known
    const may = this.#decide(rules.judge('write', topic))
    if (topic.length <= REMEMBERED_LENGTH) {
      if (this.#mayPublish.size >= REMEMBERED_TOPICS) this.#mayPublish.clear()
      this.#mayPublish.set(topic, may)
    }
    return may
  }

  /** May a message of this topic be sent to it? Not remembered here: the router does. */
  mayRead(topic: string): boolean {
    const rules = this.#current()
    return this.#decide(rules?.judge('read', topic), topic)
  }

  /** Is there anything behind the filter that it may read? */
  maySubscribe(filter: string): boolean {
    const rules = this.#current()
    return this.#decide(rules?.judgeFilter(filter), filter)
  }

  /** @param read topic or filter to read, where `$` is for those who look after the gateway */
  #decide(verdict: Verdict | undefined, read = ''): boolean {
    if (verdict === 'allowed' || verdict === 'denied') return verdict === 'allowed'
    const { admins, nomatch } = this.#edition.rules
    if (read.startsWith('$')) return this.#local || (this.#proof !== null && admins.has(this.#proof.name))
    return nomatch === 'allow'
  }

  #current(): ClientRules | undefined {
    if (this.#edition !== this.#control.edition) {
      this.#edition = this.#control.edition
      this.#rules = this.#compile()
      this.#mayPublish.clear()
    }
    return this.#rules
  }

  #compile(): ClientRules | undefined {
    return this.#edition.book?.of({ username: this.username, clientid: this.#clientid })
  }
}

function editionOf(rules: AccessRules): Edition {
  const { acl, nomatch, anonymous, users } = rules
  const open = acl === undefined && nomatch === 'allow'
  return {
    rules,
    book: open ? null : new RuleBook(acl ?? NO_LINES),
    letsAnonymous: anonymous === 'auto' ? users.size === 0 : anonymous,
  }
}

const isLoopback = (host: string): boolean => host === '::1' || /^127\./.test(host)
