/**
 * A bridge that does what it is told. Set its public fields before asking it something; `progress`, `succeed`, `fail`,
 * `tell` and `announce` play the Go side afterwards. Like Go it signs out whom it named last, not whom a page shows.
 */
import type { Account, AccountEvent, Bridge, BrowserApp, EmailProviders, Failure, Finding, Notice, Preview, Product, Settings, SignIn, Suggestion, Theme, UsedAccount } from './bridge'
import { wellFound } from './samples'

type Answer = { resolve: (account: Account) => void; reject: (failure: Failure) => void }

function failure(code: string, message: string): Failure {
  return { code, message, retryable: false }
}

export class MockBridge implements Bridge {
  /** The current account, and the others in their order. */
  account: Account | null = null
  others: Account[] = []
  current: SignIn | null = null
  named: Product = { name: 'Latchkey', version: '0.1.0', scopes: ['atproto'] }
  providers: EmailProviders = { chosen: 'https://certified.one', known: [] }
  holding: Notice[] = []
  chosen: Settings = {
    theme: 'system',
    scopes: ['atproto', 'account:email'],
    suggestionHost: '',
    suggestionsOffered: 'https://public.api.bsky.app',
  }
  /** Whom the host of the suggestions knows. */
  everybody: Suggestion[] = []
  /** Who was signed out here. */
  used: UsedAccount[] = []
  found: Finding[] = wellFound
  installed: BrowserApp[] = [
    { id: 'chromium.desktop', name: 'Chromium' },
    { id: 'firefox.desktop', name: 'Firefox' },
  ]
  /** Who is signed in with any email. */
  known: Account | null = null
  /** What is understood of a text; of every other one it is not found whom it means. */
  previews: Record<string, Preview> = {}
  /** Makes the method of that name reject. */
  refusals: Partial<Record<keyof Bridge, Failure>> = {}
  /** What was asked, in order, as `method` or `method argument`. */
  readonly asked: string[] = []

  #shown = ''
  #answer: Answer | null = null
  #signInListeners: ((signIn: SignIn) => void)[] = []
  #accountListeners: ((event: AccountEvent) => void)[] = []
  #noticesListeners: ((notices: Notice[]) => void)[] = []

  login = (identifier: string) => this.#begin('login', identifier)
  loginWithEmail = (email: string) => this.#begin('loginWithEmail', email)
  renew = (did: string) => this.#begin('renew', did)
  raise = (scopes: string[]) => this.#begin('raise', scopes.join(' '))
  cancelPreview = () => this.#ask<void>('cancelPreview', undefined)
  accountForEmail = (email: string) => this.#ask('accountForEmail', this.known, email)
  emailProviders = () => this.#ask('emailProviders', this.providers)
  cancel = () => this.#ask<void>('cancel', undefined)
  accounts = () => this.#ask('accounts', this.#everybody)
  notices = () => this.#ask('notices', this.holding)
  recent = () => this.#ask('recent', this.used)
  check = () => this.#ask<void>('check', undefined, this.#shown)
  attempt = () => this.#ask('attempt', this.current)
  openBrowser = () => this.#ask<void>('openBrowser', undefined)
  copyLink = () => this.#ask<void>('copyLink', undefined)
  browsers = () => this.#ask('browsers', this.installed)
  openIn = (browser: string) => this.#ask<void>('openIn', undefined, browser)
  copyAddress = () => this.#ask<void>('copyAddress', undefined)
  pasteAddress = (address: string) => this.#ask<void>('pasteAddress', undefined, address)
  copyText = (text: string) => this.#ask<void>('copyText', undefined, text)
  product = () => this.#ask('product', this.named)
  settings = () => this.#ask('settings', this.chosen)
  diagnostics = () => this.#ask('diagnostics', this.found)
  copyDiagnostics = () => this.#ask<void>('copyDiagnostics', undefined)

  get #everybody(): Account[] {
    return this.account === null ? this.others : [this.account, ...this.others]
  }

  async preview(text: string): Promise<Preview> {
    const preview = await this.#ask('preview', this.previews[text], text)
    if (preview === undefined) throw failure('handle_not_found', 'There is no account with this handle. Check the spelling.')
    return preview
  }

  async suggest(text: string): Promise<Suggestion[]> {
    const q = text.replace(/^@/, '').toLowerCase()
    const fits = this.everybody.filter(({ handle, name }) => handle.startsWith(q) || name.toLowerCase().includes(q))
    return this.#ask('suggest', this.chosen.suggestionHost === '' || q.length < 2 ? [] : fits, text)
  }

  async chooseSuggestions(address: string): Promise<string> {
    const chosen = address === '' || /:\/\//.test(address) ? address : `https://${address}`
    await this.#ask('chooseSuggestions', undefined, address)
    this.chosen = { ...this.chosen, suggestionHost: chosen }
    return chosen
  }

  async forget(did: string): Promise<void> {
    await this.#ask('forget', undefined, did)
    this.used = this.used.filter((one) => one.did !== did)
  }

  async chooseEmailProvider(address: string): Promise<string> {
    const chosen = await this.#ask('chooseEmailProvider', /:\/\//.test(address) ? address : `https://${address}`, address)
    this.providers = { ...this.providers, chosen }
    return chosen
  }

  async setTheme(theme: Theme): Promise<void> {
    await this.#ask('setTheme', undefined, theme)
    this.chosen = { ...this.chosen, theme }
  }

  async whoami(): Promise<Account> {
    const account = await this.#ask('whoami', this.account)
    if (account === null) throw failure('not_signed_in', 'Nobody is signed in.')
    this.#shown = account.did
    return account
  }

  async switchTo(did: string): Promise<Account> {
    await this.#ask('switchTo', undefined, did)
    const account = this.#everybody.find((one) => one.did === did)
    if (account === undefined) throw failure('account_unknown', 'This account is not signed in here.')
    this.#makeCurrent(account)
    this.#shown = did
    return account
  }

  async logout(): Promise<void> {
    await this.#ask('logout', undefined, this.#shown)
    this.#remove(this.#shown)
  }

  async logoutAll(): Promise<void> {
    await this.#ask('logoutAll', undefined)
    this.account = null
    this.others = []
  }

  onSignIn(listener: (signIn: SignIn) => void): void {
    this.#signInListeners.push(listener)
  }

  onAccount(listener: (event: AccountEvent) => void): void {
    this.#accountListeners.push(listener)
  }

  onNotices(listener: (notices: Notice[]) => void): void {
    this.#noticesListeners.push(listener)
  }

  progress(signIn: SignIn): void {
    this.current = signIn.phase === 'done' || signIn.phase === 'failed' ? null : signIn
    for (const listener of this.#signInListeners) listener(signIn)
  }

  tell(kind: AccountEvent['kind'], account: Account): void {
    if (kind === 'removed') this.#remove(account.did)
    else if (kind === 'added') this.#makeCurrent(account)
    else if (this.account === null || this.account.did === account.did) this.account = account
    else this.others = this.others.map((one) => (one.did === account.did ? account : one))
    for (const listener of this.#accountListeners) listener({ kind, account })
  }

  announce(...notices: Notice[]): void {
    this.holding = notices
    for (const listener of this.#noticesListeners) listener(notices)
  }

  succeed(account: Account): void {
    this.#makeCurrent(account)
    this.#shown = account.did
    this.#answer?.resolve(account)
    this.#answer = null
  }

  fail(failure: Failure): void {
    this.#answer?.reject(failure)
    this.#answer = null
  }

  #makeCurrent(account: Account): void {
    this.others = this.#everybody.filter((one) => one.did !== account.did)
    this.account = account
  }

  #remove(did: string): void {
    const [account = null, ...others] = this.#everybody.filter((one) => one.did !== did)
    this.account = account
    this.others = others
  }

  #begin(method: 'login' | 'loginWithEmail' | 'renew' | 'raise', argument: string): Promise<Account> {
    this.asked.push(`${method} ${argument}`)
    const refusal = this.refusals[method]
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject }
    })
  }

  async #ask<T>(method: keyof Bridge, result: T, argument?: string): Promise<T> {
    this.asked.push(argument === undefined ? method : `${method} ${argument}`)
    const refusal = this.refusals[method]
    if (refusal !== undefined) throw refusal
    return result
  }
}
