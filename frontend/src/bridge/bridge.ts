/**
 * What the window asks of the Go side, and what it hears from it. The views and the store know only this file;
 * `wails.ts` answers in the app, `mock.ts` in tests and in a plain browser.
 * A promise rejects with what `toFailure` in `decode.ts` turns into a {@link Failure}.
 */
export interface Failure {
  /** Stable, and opaque here except for `cancelled` and `not_signed_in`. */
  code: string
  /** A sentence for a person. */
  message: string
  retryable: boolean
}

export interface Account {
  did: string
  /** Empty when it could not be verified: show the DID instead. */
  handle: string
  /** The host to show. */
  server: string
  status: 'active' | 'needs_sign_in'
  /** A sentence, when the account needs a new sign-in. */
  reason: string
  scopes: string[]
}

export const phases = ['resolving', 'waiting', 'exchanging', 'done', 'failed'] as const
export type Phase = (typeof phases)[number]

/** One attempt to sign in. */
export interface SignIn {
  id: string
  phase: Phase
  did: string
  handle: string
  server: string
  /** The link to open in a browser; empty until waiting. */
  url: string
  browserOpened: boolean
  /** The server mails a code to the email typed here; otherwise the email is typed on the server's page. */
  codeByEmail: boolean
  /** Once done: the account belongs to another email than was asked for. */
  otherEmail: boolean
  /** RFC 3339; empty until waiting. */
  deadline: string
  error: Failure | null
}

export const accountEventKinds = ['added', 'changed', 'needs_sign_in', 'removed'] as const

export interface AccountEvent {
  kind: (typeof accountEventKinds)[number]
  account: Account
}

export interface Product {
  name: string
  version: string
}

/** Servers that sign people in by email, by their origins. */
export interface EmailProviders {
  /** Empty for none. */
  chosen: string
  known: string[]
}

export interface Bridge {
  /** Resolves when signed in. */
  login(identifier: string): Promise<Account>
  /** Resolves when signed in; rejects with `email_provider_not_set` when none is chosen. */
  loginWithEmail(email: string): Promise<Account>
  /** Somebody who is signed in here with this email. Asks no server. */
  accountForEmail(email: string): Promise<Account | null>
  emailProviders(): Promise<EmailProviders>
  /** Takes any server's address, and resolves with its origin once it is found to be a fitting one. */
  chooseEmailProvider(address: string): Promise<string>
  /** Ends the attempt in progress; its login then rejects with `cancelled`. */
  cancel(): Promise<void>
  /** Rejects with `not_signed_in` when nobody is. */
  whoami(): Promise<Account>
  logout(): Promise<void>
  /** The attempt in progress, which a reload of the page would otherwise lose sight of. */
  attempt(): Promise<SignIn | null>
  openBrowser(): Promise<void>
  copyLink(): Promise<void>
  copyText(text: string): Promise<void>
  product(): Promise<Product>
  onSignIn(listener: (signIn: SignIn) => void): void
  onAccount(listener: (event: AccountEvent) => void): void
}
