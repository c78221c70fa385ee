/**
 * What the window shows, and the only thing the views talk to. The Go side reports an outcome twice, by the promise of
 * the call and by an event, in either order, and after a reload of the page by the event alone: so an attempt that has
 * ended is remembered by its id, and a promise is believed only while its turn lasts.
 */
import type { Account, AccountEvent, Bridge, Failure, Product, SignIn } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { emailIn } from './identifier'
import { idle, pending } from './progress'
import type { Progress } from './progress'
import { EmailProvider } from './provider.svelte'

export type View = 'starting' | 'sign-in' | 'waiting' | 'account'

export class Store {
  /** What stands in the box; it outlives the view, so that a failed sign-in gives it back. */
  text = $state('')
  product = $state.raw<Product>({ name: '', version: '' })
  account = $state.raw<Account | null>(null)
  attempt = $state.raw<SignIn | null>(null)
  /** Which email the attempt is for; empty when it is for none, or when a reload made us forget. */
  email = $state('')
  /** Somebody who is signed in already with the email that a code was about to be sent to. */
  offer = $state.raw<{ email: string; account: Account } | null>(null)
  login = $state.raw<Progress>(idle)
  logout = $state.raw<Progress>(idle)
  /** Why the last thing pressed, other than signing in or out, did nothing. */
  problem = $state.raw<Failure | null>(null)

  readonly provider: EmailProvider

  #bridge: Bridge
  #started = $state(false)
  #heardOfAccount = false
  #turn = 0
  #problemTurn = 0
  #over = new Set<string>()
  /** The sign-in asked for last, until Go has let go of it; resolves with the account if there is one. */
  #running: Promise<Account | null> = Promise.resolve(null)
  /** The DID of an account that came by another email than the one asked for. */
  #unexpected = $state('')

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.provider = new EmailProvider(bridge)
  }

  get view(): View {
    if (!this.#started) return 'starting'
    if (this.attempt !== null) return 'waiting'
    return this.account === null ? 'sign-in' : 'account'
  }

  /** The account belongs to another email than was typed, and nobody has said yet that this is fine. */
  get otherEmail(): boolean {
    return this.account !== null && this.account.did === this.#unexpected
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
      this.provider.load(),
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
    await this.#begin(who)
  }

  async #begin(who: string, anyway = false): Promise<void> {
    this.#running = this.#run(who, anyway)
    await this.#running
  }

  async #run(who: string, anyway: boolean): Promise<Account | null> {
    const turn = ++this.#turn
    const email = emailIn(who)
    this.login = pending
    this.logout = idle
    this.problem = null
    this.offer = null
    this.#unexpected = ''
    try {
      if (email !== '') {
        await this.provider.confirm()
        const account = anyway ? null : await this.#signedInWith(email)
        if (turn !== this.#turn) return null
        if (account !== null) {
          this.login = idle
          this.offer = { email, account }
          return null
        }
        this.email = email
      }
      const account = await (email === '' ? this.#bridge.login(who) : this.#bridge.loginWithEmail(email))
      if (turn === this.#turn) this.#arrive(account)
      return account
    } catch (reason) {
      if (turn === this.#turn) this.#fail(toFailure(reason))
      return null
    }
  }

  /** Not to learn it is no reason to refuse a code. */
  async #signedInWith(email: string): Promise<Account | null> {
    const account = await this.#bridge.accountForEmail(email).catch(() => null)
    return account?.status === 'active' ? account : null
  }

  async sendCodeAnyway(): Promise<void> {
    if (this.offer !== null) await this.#begin(this.offer.email, true)
  }

  /** Shows the account that is offered. A sign-out means whom Go named last, so that has to be the same one. */
  goOn(): Promise<boolean> {
    return this.#act(async () => {
      const account = await this.#bridge.whoami()
      if (account.did !== this.offer?.account.did) throw new Error('another account is the current one')
      this.#arrive(account)
    })
  }

  /** Cancels, and begins anew with the same email, so that a fresh code is mailed. */
  async tryAgain(): Promise<void> {
    const { attempt, email } = this
    if (attempt === null || email === '' || this.#betweenAttempts) return
    // The old attempt's end is no news any more: it stays in view until the new one takes its place.
    const turn = ++this.#turn
    this.#over.add(attempt.id)
    this.attempt = { ...attempt, phase: 'resolving', url: '', deadline: '' }
    await this.#bridge.cancel().catch(() => {}) // it may have ended by itself just now
    // Go takes a new sign-in only when the old call has returned, which is later than its last event.
    const account = await this.#running
    if (turn !== this.#turn) return
    if (account === null) await this.#begin(email, true)
    else this.#arrive(account)
  }

  get #betweenAttempts(): boolean {
    return this.attempt !== null && this.#over.has(this.attempt.id)
  }

  async signInAgain(): Promise<void> {
    if (this.account !== null) await this.signIn(this.account.handle || this.account.did)
  }

  /** A pending login says itself that it was cancelled; after a reload there is none to say it. */
  cancel(): Promise<boolean> {
    return this.#act(async () => {
      if (this.#betweenAttempts) {
        this.#end()
        await this.#bridge.cancel().catch(() => {}) // most often there is none yet
        return
      }
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

  /** The account is welcome although it belongs to another email. */
  keep(): void {
    this.#unexpected = ''
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
    // The account may have arrived before this, by the promise.
    if (signIn.phase === 'done' && signIn.otherEmail) this.#unexpected = signIn.did
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
    this.email = ''
    this.offer = null
    this.login = idle
    this.problem = null
    this.#turn++
    this.#problemTurn++
  }
}
