/**
 * A bridge that does what it is told. Set its public fields before asking it something; `progress`, `succeed`, `fail`
 * and `tell` play the Go side afterwards.
 */
import type { Account, AccountEvent, Bridge, EmailProviders, Failure, Product, SignIn } from './bridge'

type Answer = { resolve: (account: Account) => void; reject: (failure: Failure) => void }

export class MockBridge implements Bridge {
  account: Account | null = null
  /** Who is the current account after a sign-out. */
  next: Account | null = null
  current: SignIn | null = null
  named: Product = { name: 'Latchkey', version: '0.1.0' }
  providers: EmailProviders = { chosen: 'https://certified.one', known: [] }
  /** Who is signed in with any email. */
  known: Account | null = null
  /** Makes the method of that name reject. */
  refusals: Partial<Record<keyof Bridge, Failure>> = {}
  /** What was asked, in order, as `method` or `method argument`. */
  readonly asked: string[] = []

  #answer: Answer | null = null
  #signInListeners: ((signIn: SignIn) => void)[] = []
  #accountListeners: ((event: AccountEvent) => void)[] = []

  login = (identifier: string) => this.#begin('login', identifier)
  loginWithEmail = (email: string) => this.#begin('loginWithEmail', email)
  accountForEmail = (email: string) => this.#ask('accountForEmail', this.known, email)
  emailProviders = () => this.#ask('emailProviders', this.providers)
  cancel = () => this.#ask<void>('cancel', undefined)
  attempt = () => this.#ask('attempt', this.current)
  openBrowser = () => this.#ask<void>('openBrowser', undefined)
  copyLink = () => this.#ask<void>('copyLink', undefined)
  copyText = (text: string) => this.#ask<void>('copyText', undefined, text)
  product = () => this.#ask('product', this.named)

  async chooseEmailProvider(address: string): Promise<string> {
    const chosen = await this.#ask('chooseEmailProvider', /:\/\//.test(address) ? address : `https://${address}`, address)
    this.providers = { ...this.providers, chosen }
    return chosen
  }

  async whoami(): Promise<Account> {
    const account = await this.#ask('whoami', this.account)
    if (account !== null) return account
    throw { code: 'not_signed_in', message: 'Nobody is signed in.', retryable: false } satisfies Failure
  }

  async logout(): Promise<void> {
    await this.#ask('logout', undefined)
    this.account = this.next
  }

  onSignIn(listener: (signIn: SignIn) => void): void {
    this.#signInListeners.push(listener)
  }

  onAccount(listener: (event: AccountEvent) => void): void {
    this.#accountListeners.push(listener)
  }

  progress(signIn: SignIn): void {
    this.current = signIn.phase === 'done' || signIn.phase === 'failed' ? null : signIn
    for (const listener of this.#signInListeners) listener(signIn)
  }

  tell(kind: AccountEvent['kind'], account: Account): void {
    this.account = kind === 'removed' ? null : account
    for (const listener of this.#accountListeners) listener({ kind, account })
  }

  succeed(account: Account): void {
    this.account = account
    this.#answer?.resolve(account)
    this.#answer = null
  }

  fail(failure: Failure): void {
    this.#answer?.reject(failure)
    this.#answer = null
  }

  #begin(method: 'login' | 'loginWithEmail', argument: string): Promise<Account> {
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
