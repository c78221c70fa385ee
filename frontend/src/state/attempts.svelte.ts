/**
 * Signing in, one attempt at a time: from the press of a button to an account, or to the reason why there is none. The
 * Go side reports an outcome twice, by the promise of the call and by an event, in either order, and after a reload of
 * the page by the event alone: so an attempt that has ended is remembered by its id, and a promise is believed only
 * while its turn lasts.
 */
import type { Account, Bridge, Failure, SignIn } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import type { Accounts } from './accounts.svelte'
import { emailIn } from './identifier'
import type { Pressed } from './pressed.svelte'
import { idle, pending } from './progress'
import type { Progress } from './progress'
import type { EmailProvider } from './provider.svelte'

/** Who is told how an attempt ended. */
export interface Outcome {
  arrived: (account: Account) => void
  /** Comes with what was known of the attempt, and whether it was begun by this page. */
  failed: (failure: Failure, attempt: SignIn | null, ours: boolean) => void
}

export class Attempts {
  current = $state.raw<SignIn | null>(null)
  /** Which email the attempt is for; empty when it is for none, or when a reload made us forget. */
  email = $state('')
  /** Somebody who is signed in already with the email that a code was about to be sent to. */
  offer = $state.raw<{ email: string; account: Account } | null>(null)
  login = $state.raw<Progress>(idle)
  /** The DID of an account that came by another email than the one asked for. */
  unexpected = $state('')

  #bridge: Bridge
  #accounts: Accounts
  #provider: EmailProvider
  #pressed: Pressed
  #outcome: Outcome
  #turn = 0
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing that is shown depends on it
  #over = new Set<string>()
  /** The sign-in asked for last, until Go has let go of it; resolves with the account if there is one. */
  #running: Promise<Account | null> = Promise.resolve(null)

  constructor(bridge: Bridge, accounts: Accounts, provider: EmailProvider, pressed: Pressed, outcome: Outcome) {
    this.#bridge = bridge
    this.#accounts = accounts
    this.#provider = provider
    this.#pressed = pressed
    this.#outcome = outcome
  }

  /** Signs in with whatever a person typed. */
  async signIn(who: string): Promise<void> {
    await this.#begin((turn) => this.#signInAs(who, turn))
  }

  /** Signs in by a call of its own. */
  async by(call: () => Promise<Account>): Promise<void> {
    await this.#begin(call)
  }

  /** Has the code sent, although somebody is signed in with that email. */
  async sendCodeAnyway(): Promise<void> {
    const { offer } = this
    if (offer !== null) await this.#begin((turn) => this.#signInAs(offer.email, turn, true))
  }

  /** Cancels, and begins anew with the same email, so that a fresh code is mailed. */
  async tryAgain(): Promise<void> {
    const { current, email } = this
    if (current === null || email === '' || this.#between) return
    // The old attempt's end is no news any more: it stays in view until the new one takes its place.
    const turn = ++this.#turn
    this.#over.add(current.id)
    this.current = { ...current, phase: 'resolving', url: '', deadline: '' }
    await this.#bridge.cancel().catch(() => {}) // it may have ended by itself just now
    // Go takes a new sign-in only when the old call has returned, which is later than its last event.
    const account = await this.#running
    if (turn !== this.#turn) return
    if (account === null) await this.#begin((next) => this.#signInAs(email, next, true))
    else this.#arrive(account)
  }

  /** A pending login says itself that it was cancelled; after a reload there is none to say it. */
  async cancel(): Promise<void> {
    if (this.#between) {
      this.#end()
      await this.#bridge.cancel().catch(() => {}) // most often there is none yet
      return
    }
    await this.#bridge.cancel()
    if (this.login.state !== 'pending') this.#end()
  }

  /** Go says how far an attempt is. */
  hear(signIn: SignIn): void {
    // The account may have arrived before this, by the promise.
    if (signIn.phase === 'done' && signIn.otherEmail) this.unexpected = signIn.did
    if (this.#over.has(signIn.id)) return
    if (signIn.phase !== 'done' && signIn.phase !== 'failed') {
      this.current = signIn
      return
    }
    this.#over.add(signIn.id)
    if (this.current?.id !== signIn.id) return
    if (signIn.phase === 'failed') this.#fail(signIn.error ?? toFailure(signIn))
    else if (this.login.state !== 'pending') void this.#arriveByEvent(signIn.did)
  }

  /** Nobody wants to know any more what came of the last one. */
  forget(): void {
    this.offer = null
    if (this.login.state === 'failed') this.login = idle
  }

  get #between(): boolean {
    return this.current !== null && this.#over.has(this.current.id)
  }

  async #begin(login: (turn: number) => Promise<Account | null>): Promise<void> {
    this.#running = this.#run(login)
    await this.#running
  }

  async #run(login: (turn: number) => Promise<Account | null>): Promise<Account | null> {
    const turn = ++this.#turn
    this.login = pending
    this.offer = null
    this.unexpected = ''
    this.#pressed.forget()
    try {
      const account = await login(turn)
      if (account !== null && turn === this.#turn) this.#arrive(account)
      return account
    } catch (reason) {
      if (turn !== this.#turn) return null
      const failure = toFailure(reason)
      const another = failure.code === 'sign_in_in_progress' && (await this.#showRunning(failure))
      if (!another && turn === this.#turn) this.#fail(failure)
      return null
    }
  }

  /** Null when nothing was begun. */
  async #signInAs(who: string, turn: number, anyway = false): Promise<Account | null> {
    const email = emailIn(who)
    if (email === '') return this.#accounts.named(this.#bridge.login(who))
    await this.#provider.confirm()
    const account = anyway ? null : await this.#signedInWith(email)
    if (turn !== this.#turn) return null
    if (account !== null) {
      this.login = idle
      this.offer = { email, account }
      return null
    }
    this.email = email
    return this.#accounts.named(this.#bridge.loginWithEmail(email))
  }

  /** Not to learn it is no reason to refuse a code. */
  async #signedInWith(email: string): Promise<Account | null> {
    const account = await this.#bridge.accountForEmail(email).catch(() => null)
    return account?.status === 'active' ? account : null
  }

  /** An attempt from before a restart was picked up just now: it comes into view, where it can be ended. */
  async #showRunning(failure: Failure): Promise<boolean> {
    const attempt = this.current ?? (await this.#bridge.attempt().catch(() => null))
    if (attempt === null) return false
    this.#turn++
    this.login = idle
    this.email = ''
    this.current = attempt
    this.#pressed.problem = failure
    return true
  }

  /** No call of this page waits for the account: it was begun before a reload, or before the program ended. */
  async #arriveByEvent(did: string): Promise<void> {
    try {
      this.#arrive(await this.#accounts.named(did === '' ? this.#bridge.whoami() : this.#bridge.switchTo(did)))
    } catch (reason) {
      this.#fail(toFailure(reason))
    }
  }

  #arrive(account: Account): void {
    this.#end()
    this.#outcome.arrived(account)
  }

  #fail(failure: Failure): void {
    const { current } = this
    const ours = this.login.state === 'pending'
    this.#end()
    if (failure.code !== 'cancelled') this.login = { state: 'failed', failure }
    this.#outcome.failed(failure, current, ours)
  }

  #end(): void {
    if (this.current !== null) this.#over.add(this.current.id)
    this.current = null
    this.email = ''
    this.offer = null
    this.login = idle
    this.#turn++
    this.#pressed.forget()
  }
}
