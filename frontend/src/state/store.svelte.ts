/**
 * What the window shows, and the only thing the views talk to. The Go side reports an outcome twice, by the promise of
 * the call and by an event, in either order, and after a reload of the page by the event alone: so an attempt that has
 * ended is remembered by its id, and a promise is believed only while its turn lasts.
 */
import type { Account, AccountEvent, Bridge, Failure, Product, SignIn } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { isEmail } from './identifier'

export type View = 'starting' | 'sign-in' | 'waiting' | 'account'
export type Progress = { state: 'idle' } | { state: 'pending' } | { state: 'failed'; failure: Failure }

const idle: Progress = { state: 'idle' }
const pending: Progress = { state: 'pending' }

export class Store {
  /** What stands in the box; it outlives the view, so that a failed sign-in gives it back. */
  text = $state('')
  product = $state.raw<Product>({ name: '', version: '' })
  account = $state.raw<Account | null>(null)
  attempt = $state.raw<SignIn | null>(null)
  login = $state.raw<Progress>(idle)
  logout = $state.raw<Progress>(idle)
  /** Why the last thing pressed, other than signing in or out, did nothing. */
  problem = $state.raw<Failure | null>(null)

  #bridge: Bridge
  #started = $state(false)
  #heardOfAccount = false
  #turn = 0
  #problemTurn = 0
  #over = new Set<string>()

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  get view(): View {
    if (!this.#started) return 'starting'
    if (this.attempt !== null) return 'waiting'
    return this.account === null ? 'sign-in' : 'account'
  }

  get failure(): Failure | null {
    if (this.problem !== null) return this.problem
    if (this.logout.state === 'failed') return this.logout.failure
    return this.login.state === 'failed' ? this.login.failure : null
  }

  /** Listens first and asks then, so that nothing is missed in between; what was heard meanwhile is newer. */
  async start(): Promise<void> {
    this.#bridge.onSignIn((signIn) => this.#onSignIn(signIn))
    this.#bridge.onAccount((event) => this.#onAccount(event))
    const [product, account, attempt] = await Promise.allSettled([
      this.#bridge.product(),
      this.#bridge.whoami(),
      this.#bridge.attempt(),
    ])
    if (product.status === 'fulfilled') this.product = product.value
    if (!this.#heardOfAccount) {
      if (account.status === 'fulfilled') this.account = account.value
      else this.#failUnlessSignedOut(account.reason)
    }
    if (attempt.status === 'fulfilled' && attempt.value !== null && this.attempt === null) this.#onSignIn(attempt.value)
    this.#started = true
  }

  async signIn(text: string = this.text): Promise<void> {
    const who = text.trim()
    if (who === '' || this.login.state === 'pending' || this.attempt !== null) return
    const turn = ++this.#turn
    this.login = pending
    this.logout = idle
    this.problem = null
    try {
      const account = await (isEmail(who) ? this.#bridge.loginWithEmail(who) : this.#bridge.login(who))
      if (turn === this.#turn) this.#arrive(account)
    } catch (reason) {
      if (turn === this.#turn) this.#fail(toFailure(reason))
    }
  }

  async signInAgain(): Promise<void> {
    if (this.account !== null) await this.signIn(this.account.handle || this.account.did)
  }

  /** A pending login says itself that it was cancelled; after a reload there is none to say it. */
  cancel(): Promise<boolean> {
    return this.#act(async () => {
      await this.#bridge.cancel()
      if (this.login.state !== 'pending') this.#end()
    })
  }

  async signOut(): Promise<void> {
    const leaving = this.account
    if (leaving === null || this.logout.state === 'pending') return
    if (this.login.state === 'failed') this.login = idle
    this.logout = pending
    this.problem = null
    try {
      await this.#bridge.logout()
    } catch (reason) {
      const failure = toFailure(reason)
      if (failure.code !== 'not_signed_in' && failure.code !== 'account_unknown') {
        this.logout = { state: 'failed', failure }
        return
      }
    }
    // Another account may be signed in here: it is the current one now.
    const next = await this.#bridge.whoami().catch(() => null)
    this.logout = idle
    if (this.account === null || this.account.did === leaving.did) this.account = next
  }

  openBrowser(): Promise<boolean> {
    return this.#act(() => this.#bridge.openBrowser())
  }

  copyLink(): Promise<boolean> {
    return this.#act(() => this.#bridge.copyLink())
  }

  copyText(text: string): Promise<boolean> {
    return this.#act(() => this.#bridge.copyText(text))
  }

  /** True when the work was done. */
  async #act(work: () => Promise<void>): Promise<boolean> {
    const turn = ++this.#problemTurn
    this.problem = null
    try {
      await work()
      return true
    } catch (reason) {
      if (turn === this.#problemTurn) this.problem = toFailure(reason)
      return false
    }
  }

  #onSignIn(signIn: SignIn): void {
    if (this.#over.has(signIn.id)) return
    if (signIn.phase !== 'done' && signIn.phase !== 'failed') {
      this.attempt = signIn
      return
    }
    this.#over.add(signIn.id)
    if (this.attempt?.id !== signIn.id) return
    if (signIn.phase === 'failed') this.#fail(signIn.error ?? toFailure(signIn))
    else if (this.login.state !== 'pending') void this.#arriveAfterReload()
  }

  async #arriveAfterReload(): Promise<void> {
    try {
      this.#arrive(await this.#bridge.whoami())
    } catch (reason) {
      this.#fail(toFailure(reason))
    }
  }

  #onAccount({ kind, account }: AccountEvent): void {
    this.#heardOfAccount = true
    if (kind === 'removed') {
      // Our own sign-out looks for the next account first, so that nothing flickers in between.
      if (this.account?.did === account.did && this.logout.state !== 'pending') this.account = null
      return
    }
    const signedIn = account.status === 'active' && (kind === 'added' || this.attempt?.did === account.did)
    if (signedIn && this.login.state !== 'pending') this.#arrive(account)
    else if (kind === 'added' || this.account?.did === account.did) this.account = account
  }

  #arrive(account: Account): void {
    this.#end()
    this.account = account
    this.text = ''
  }

  #fail(failure: Failure): void {
    if (this.account === null && this.text === '') this.text = this.attempt?.handle || this.attempt?.did || ''
    this.#end()
    if (failure.code !== 'cancelled') this.login = { state: 'failed', failure }
  }

  #failUnlessSignedOut(reason: unknown): void {
    const failure = toFailure(reason)
    if (failure.code !== 'not_signed_in') this.login = { state: 'failed', failure }
  }

  #end(): void {
    if (this.attempt !== null) this.#over.add(this.attempt.id)
    this.attempt = null
    this.login = idle
    this.problem = null
    this.#turn++
    this.#problemTurn++
  }
}
