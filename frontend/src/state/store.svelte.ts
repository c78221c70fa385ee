/**
 * What the window shows, and the only thing the views talk to.
 * Events about accounts come from every process. They change the list, but never take away what somebody looks at.
 */
import type { Account, AccountEvent, Bridge, Failure, Product, SignIn, UsedAccount } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { Accounts } from './accounts.svelte'
import { Attempts } from './attempts.svelte'
import { Notices } from './notices.svelte'
import { Pressed } from './pressed.svelte'
import { Previews } from './previews.svelte'
import { idle, pending } from './progress'
import type { Progress } from './progress'
import { EmailProvider } from './provider.svelte'
import { Rescue } from './rescue.svelte'
import { Settings } from './settings.svelte'
import { Suggestions } from './suggestions.svelte'
import { Used } from './used.svelte'

export type View = 'starting' | 'trouble' | 'sign-in' | 'waiting' | 'account'

/** How often a window that gets the focus may ask whether all is well. */
const glanceTime = 60_000

export class Store {
  /** What stands in the box; it outlives the view, so that a failed sign-in gives it back. */
  text = $state('')
  product = $state.raw<Product>({ name: '', version: '', scopes: [] })
  /** Somebody is shown, and the person wants to sign in to one more account. */
  adding = $state(false)
  switching = $state(false)
  /** Why it could not be found out who is signed in. */
  trouble = $state.raw<Failure | null>(null)
  retrying = $state(false)
  logout = $state.raw<Progress>(idle)

  readonly provider: EmailProvider
  readonly accounts: Accounts
  readonly rescue: Rescue
  readonly notices = new Notices()
  readonly settings: Settings
  readonly previews: Previews
  readonly suggestions: Suggestions
  readonly used: Used

  #attempts: Attempts
  #pressed = new Pressed()
  #bridge: Bridge
  #started = $state(false)
  /** What was heard while Go is asked for the same; null when it is not. */
  #heard: AccountEvent[] | null = null
  #heardNotices = false
  #leavingAll = false
  #checkedAt = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.provider = new EmailProvider(bridge)
    this.accounts = new Accounts(bridge)
    this.settings = new Settings(bridge)
    this.previews = new Previews(bridge)
    this.rescue = new Rescue(bridge)
    this.suggestions = new Suggestions(bridge, this.settings.suggestions)
    this.used = new Used(bridge)
    this.#attempts = new Attempts(bridge, this.accounts, this.provider, this.#pressed, {
      arrived: (account) => this.#show(account),
      failed: (failure, attempt, ours) => this.#onFailure(failure, attempt, ours),
    })
  }

  /** Who is shown. */
  get account(): Account | null {
    return this.accounts.shown
  }

  get attempt(): SignIn | null {
    return this.#attempts.current
  }

  /** Which email the attempt is for; empty when it is for none, or when a reload made us forget. */
  get email(): string {
    return this.#attempts.email
  }

  /** Somebody who is signed in already with the email that a code was about to be sent to. */
  get offer(): { email: string; account: Account } | null {
    return this.#attempts.offer
  }

  get login(): Progress {
    return this.#attempts.login
  }

  /** Why the last thing pressed, other than signing in or out, did nothing. */
  get problem(): Failure | null {
    return this.#pressed.problem
  }

  get view(): View {
    if (!this.#started) return 'starting'
    if (this.attempt !== null) return 'waiting'
    if (this.account !== null) return this.adding ? 'sign-in' : 'account'
    return this.trouble === null ? 'sign-in' : 'trouble'
  }

  /** Whom a person who does not want to sign in goes back to. */
  get backTo(): Account | null {
    return this.account ?? this.accounts.list[0] ?? null
  }

  /** Whom a sign-in is offered to without typing: whoever was signed out here, and is not signed in again. */
  get usedBefore(): readonly UsedAccount[] {
    return this.used.list.filter((one) => this.accounts.list.every((account) => account.did !== one.did))
  }

  /** Something is under way that the next thing pressed has to wait for. */
  get busy(): boolean {
    return this.login.state === 'pending' || this.logout.state === 'pending' || this.switching
  }

  /** The account belongs to another email than was typed, and nobody has said yet that this is fine. */
  get otherEmail(): boolean {
    return this.account !== null && this.account.did === this.#attempts.unexpected
  }

  get failure(): Failure | null {
    if (this.problem !== null) return this.problem
    if (this.logout.state === 'failed') return this.logout.failure
    return this.login.state === 'failed' ? this.login.failure : null
  }

  /** Listens first and asks then, so that nothing is missed in between; what was heard meanwhile is newer. */
  async start(): Promise<void> {
    this.#bridge.onSignIn((signIn) => this.#attempts.hear(signIn))
    this.#bridge.onAccount((event) => void this.#onAccount(event))
    this.#bridge.onNotices((notices) => {
      this.#heardNotices = true
      this.notices.replace(notices)
    })
    await this.#load()
    this.#started = true
    void this.check()
  }

  /** Asks once more who is signed in. */
  async retry(): Promise<void> {
    if (this.retrying) return
    this.retrying = true
    await this.#load()
    this.retrying = false
    void this.check()
  }

  async #load(): Promise<void> {
    this.#heard = []
    const [product, account, accounts, attempt, notices] = await Promise.allSettled([
      this.#bridge.product(),
      this.accounts.named(this.#bridge.whoami()),
      this.#bridge.accounts(),
      this.#bridge.attempt(),
      this.#bridge.notices(),
      this.provider.load(),
      this.settings.load(),
      this.used.load(),
    ])
    if (product.status === 'fulfilled') this.product = product.value
    if (notices.status === 'fulfilled' && !this.#heardNotices) this.notices.replace(notices.value)
    this.trouble = null
    if (accounts.status === 'fulfilled') this.accounts.replace(accounts.value)
    if (account.status === 'fulfilled') this.accounts.show(account.value)
    else {
      const failure = toFailure(account.reason)
      if (failure.code !== 'not_signed_in') this.trouble = failure
    }
    const heard = this.#heard
    this.#heard = null
    for (const event of heard) await this.#onAccount(event)
    if (attempt.status === 'fulfilled' && attempt.value !== null && this.attempt === null) this.#attempts.hear(attempt.value)
  }

  /** Has Go ask the server of whoever is shown whether all is well. Whatever it finds arrives as events. */
  async check(): Promise<void> {
    if (this.view !== 'account') return
    this.#checkedAt = Date.now()
    try {
      await this.accounts.insist()
      await this.#bridge.check()
    } catch {
      // Nothing was asked for that somebody waits for.
    }
  }

  /** The window is looked at again. */
  glance(): void {
    if (Date.now() - this.#checkedAt >= glanceTime) void this.check()
  }

  async signIn(text: string = this.text): Promise<void> {
    const who = text.trim()
    if (who === '' || this.login.state === 'pending' || this.attempt !== null) return
    this.logout = idle
    await this.#attempts.signIn(who)
  }

  /** Has the account that is shown sign in once more: by its DID, because a handle can have gone to somebody else. */
  async renew(): Promise<void> {
    const { account } = this
    if (account === null || this.busy || this.attempt !== null) return
    this.logout = idle
    await this.#attempts.by(() => this.accounts.named(this.#bridge.renew(account.did)))
  }

  /** By the DID as well, for the same reason. The box has the name, should it come to nothing. */
  async signInAgain({ did, handle }: UsedAccount): Promise<void> {
    if (this.busy || this.attempt !== null) return
    this.logout = idle
    this.text = handle || did
    await this.#attempts.by(() => this.accounts.named(this.#bridge.login(did)))
  }

  forget(did: string): Promise<boolean> {
    return this.#pressed.act(() => this.used.forget(did))
  }

  /** Has the account that is shown sign in once more, and asks for more. Without a yes it stays as it is. */
  async raise(scopes: string[]): Promise<void> {
    if (this.account === null || this.busy || this.attempt !== null) return
    this.logout = idle
    await this.#attempts.by(async () => {
      await this.accounts.insist()
      return this.accounts.named(this.#bridge.raise(scopes))
    })
  }

  sendCodeAnyway(): Promise<void> {
    return this.#attempts.sendCodeAnyway()
  }

  /** Shows the account that is offered. */
  async goOn(): Promise<boolean> {
    return this.offer !== null && this.switchTo(this.offer.account.did)
  }

  /** Shows another account, and makes it the current one. True when that was done. */
  async switchTo(did: string): Promise<boolean> {
    if (this.busy || this.attempt !== null) return false
    this.switching = true
    const done = await this.#pressed.act(async () => this.#show(await this.accounts.named(this.#bridge.switchTo(did))))
    this.switching = false
    if (done) void this.check()
    return done
  }

  /** Makes room for one more sign-in. */
  add(): void {
    if (this.busy) return
    this.#forget()
    this.adding = true
  }

  /** Goes back to the account without signing in. */
  back(): void {
    const { backTo } = this
    if (this.busy || backTo === null) return
    if (this.account === null) void this.switchTo(backTo.did)
    else {
      this.#forget()
      this.adding = false
    }
  }

  /** Cancels, and begins anew with the same email, so that a fresh code is mailed. */
  tryAgain(): Promise<void> {
    return this.#attempts.tryAgain()
  }

  /** Ends the attempt. An email goes with it: there is another button for those who want to change it. */
  cancel(): Promise<boolean> {
    return this.#stop(this.email === '' ? this.text : '')
  }

  /** Ends the attempt, to change the email that it was for. */
  useOtherEmail(): Promise<boolean> {
    return this.#stop(this.email)
  }

  async #stop(text: string): Promise<boolean> {
    const before = this.text
    this.text = text
    const stopped = await this.#pressed.act(() => this.#attempts.cancel())
    if (!stopped && this.attempt !== null) this.text = before
    return stopped
  }

  async signOut(): Promise<void> {
    const leaving = this.account
    if (leaving === null || this.busy) return
    this.#attempts.forget()
    this.#pressed.forget()
    this.logout = pending
    try {
      await this.accounts.insist()
      await this.#bridge.logout()
    } catch (reason) {
      const failure = toFailure(reason)
      if (failure.code !== 'not_signed_in' && failure.code !== 'account_unknown') {
        this.logout = { state: 'failed', failure }
        return
      }
    }
    await this.#leave(leaving.did)
    this.logout = idle
  }

  async signOutAll(): Promise<void> {
    if (this.busy) return
    this.#forget()
    this.logout = pending
    this.#leavingAll = true
    const failure = await this.#bridge.logoutAll().then(() => null, toFailure)
    // Some may be gone although not all are.
    const left = await this.#bridge.accounts().catch(() => null)
    this.#leavingAll = false
    await this.used.load()
    if (left !== null) this.accounts.replace(left)
    else if (failure === null) this.accounts.replace([])
    this.logout = failure === null || this.accounts.list.length === 0 ? idle : { state: 'failed', failure }
  }

  /** Another account may be signed in here: it comes next, without anything flickering in between. */
  async #leave(did: string): Promise<void> {
    const shown = this.account?.did === did
    const used = this.used.load()
    if (shown) await used // so that the next view is whole at once
    await this.accounts.drop(did)
    if (this.account === null) this.adding = false
    else if (shown) void this.check()
  }

  /** The account is welcome although it belongs to another email. */
  keep(): void {
    this.#attempts.unexpected = ''
  }

  openBrowser(): Promise<boolean> {
    return this.#pressed.act(() => this.#bridge.openBrowser())
  }

  copyLink(): Promise<boolean> {
    return this.#pressed.act(() => this.#bridge.copyLink())
  }

  openIn(browser: string): Promise<boolean> {
    return this.#pressed.act(() => this.#bridge.openIn(browser))
  }

  /** For a browser on another computer. */
  copyAddress(): Promise<boolean> {
    return this.#pressed.act(() => this.#bridge.copyAddress())
  }

  copyText(text: string): Promise<boolean> {
    return this.#pressed.act(() => this.#bridge.copyText(text))
  }

  async #onAccount(event: AccountEvent): Promise<void> {
    if (this.#heard !== null) {
      this.#heard.push(event)
      return
    }
    const { kind, account } = event
    const gone = kind === 'removed'
    if ((gone || account.status !== 'active') && this.offer?.account.did === account.did) this.#attempts.offer = null
    if (gone) {
      // Our own sign-out takes them away itself.
      const own = this.logout.state === 'pending' && (this.#leavingAll || this.account?.did === account.did)
      if (!own) await this.#leave(account.did)
      return
    }
    const free = kind === 'added' && this.#idle
    this.accounts.put(account)
    if (!free) return
    this.#show(account)
    await this.check()
  }

  /** Nobody is signed in, and nobody is about to. */
  get #idle(): boolean {
    return this.account === null && this.attempt === null && !this.busy && this.text.trim() === ''
  }

  #show(account: Account): void {
    this.#forget()
    this.accounts.show(account)
    this.adding = false
    this.trouble = null
  }

  #onFailure(failure: Failure, attempt: SignIn | null, ours: boolean): void {
    const { account } = this
    // One that this page did not begin has no view to go back to, unless it was for whoever is shown.
    const begunElsewhere = attempt !== null && !ours && attempt.did !== account?.did
    if (begunElsewhere && failure.code !== 'cancelled') this.adding = account !== null
    if ((account === null || this.adding) && this.text === '') this.text = attempt?.handle || attempt?.did || ''
  }

  /** Clears the box, and what was said about it. */
  #forget(): void {
    this.text = ''
    this.#attempts.forget()
    this.#pressed.forget()
    if (this.logout.state === 'failed') this.logout = idle
  }
}
