/**
 * What the window asks of the Go side, and what it hears from it. The views and the store know only this file;
 * `wails.ts` answers in the app, `mock.ts` in tests and in a plain browser.
 * A promise rejects with what `toFailure` in `decode.ts` turns into a {@link Failure}.
 */
export interface Failure {
  /** Stable, and opaque here except where the store has to do something about it. */
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
  /** A sentence, when the account needs a new sign-in; `reasonCode` names it for programs. */
  reason: string
  reasonCode: string
  scopes: string[]
  /** When the sign-in began, was renewed last and ends for good: RFC 3339, or empty without one. */
  signedIn: string
  renewed: string
  sessionEnds: string
  /** It was time to warn of the end when Go answered; a window that stays open has to look at its clock as well. */
  endsSoon: boolean
  /** There is no keychain: the sign-in ends when the app does. */
  inMemory: boolean
  /** Its server did not answer the last time. */
  offline: boolean
  /** What the account calls itself, and where its picture is loaded from; often empty. Nobody has checked them. */
  name: string
  avatar: string
}

export const kinds = ['handle', 'did', 'server', 'email'] as const
export type Kind = (typeof kinds)[number]

/** What is understood of a text before anybody signs in with it. */
export interface Preview {
  kind: Kind
  /** Empty where no account is meant. */
  did: string
  /** Empty unless verified. */
  handle: string
  /** The host to show: the account's, or the one that was typed. */
  server: string
  name: string
  avatar: string
  /** The server answers, and people can sign in there. */
  ready: boolean
  /** What to look at before going on. */
  warnings: Notice[]
}

/** An account that may be meant by what stands in the box, as a third party tells of it. Nobody has checked any of it. */
export interface Suggestion {
  did: string
  handle: string
  /** Both may be empty. */
  name: string
  avatar: string
}

/** An account that was signed out here. */
export interface UsedAccount {
  did: string
  /** May be empty. */
  handle: string
  /** The host to show. */
  server: string
}

/** Something that holds for the whole program right now. */
export interface Notice {
  code: string
  /** A sentence for a person. */
  message: string
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
  /** The person's browser is on another computer than Go is, where the url leads nowhere. */
  remote: boolean
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

/** A browser that is installed on this computer. */
export interface BrowserApp {
  id: string
  name: string
}

export interface Product {
  name: string
  version: string
  /** What it asks for at each sign-in. */
  scopes: string[]
}

/** Servers that sign people in by email, by their origins. */
export interface EmailProviders {
  /** Empty for none. */
  chosen: string
  known: string[]
}

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export interface Settings {
  theme: Theme
  /** What every sign-in asks for. */
  scopes: string[]
  /** The origin of the host that is asked for accounts while the person types; empty for nobody. */
  suggestionHost: string
  /** The one that the brand offers, or empty. */
  suggestionsOffered: string
}

/** One line of the diagnostics. */
export interface Finding {
  /** Stable; the views pick by it what they show. */
  name: string
  /** What a person reads in front of the value. */
  title: string
  value: string
  /** Null when all is well. */
  trouble: Failure | null
}

export interface Bridge {
  /** Says whom or what a text means. A newer one makes the older reject with `cancelled`. */
  preview(text: string): Promise<Preview>
  cancelPreview(): Promise<void>
  /** Accounts that may be meant by a text; none while suggestions are off. A newer one makes the older reject with `cancelled`. */
  suggest(text: string): Promise<Suggestion[]>
  /** Switches suggestions on with the host of this address, and resolves with its origin; off with an empty one. */
  chooseSuggestions(address: string): Promise<string>
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
  /** The current account. Rejects with `not_signed_in` when there is none. */
  whoami(): Promise<Account>
  /** Everybody who signed in here, the current account first. */
  accounts(): Promise<Account[]>
  /** Makes an account the current one. */
  switchTo(did: string): Promise<Account>
  /** Signs in once more to that account: an attempt like any other. */
  renew(did: string): Promise<Account>
  /** Signs in once more to the account named last, and asks for these scopes as well. */
  raise(scopes: string[]): Promise<Account>
  /** Signs out the account that login, renew, switchTo or whoami named last. */
  logout(): Promise<void>
  logoutAll(): Promise<void>
  /** Asks the server of the account named last whether all is well. What it finds arrives as events. */
  check(): Promise<void>
  /** Accounts that were signed out here, the one used last first. */
  recent(): Promise<UsedAccount[]>
  /** Removes one of those. */
  forget(did: string): Promise<void>
  notices(): Promise<Notice[]>
  /** The attempt in progress, which a reload of the page would otherwise lose sight of. */
  attempt(): Promise<SignIn | null>
  openBrowser(): Promise<void>
  copyLink(): Promise<void>
  /** The browsers of this computer, which openIn takes by their ids. */
  browsers(): Promise<BrowserApp[]>
  openIn(browser: string): Promise<void>
  /** Copies the address of the server's page, for a browser on another computer. It is never seen here. */
  copyAddress(): Promise<void>
  /** Goes on by the address that the browser ended on; rejects with `callback_invalid` or `callback_other`. */
  pasteAddress(address: string): Promise<void>
  copyText(text: string): Promise<void>
  product(): Promise<Product>
  settings(): Promise<Settings>
  /** Remembers a theme. */
  setTheme(theme: Theme): Promise<void>
  /** Takes a moment: the keychain is asked how it is. */
  diagnostics(): Promise<Finding[]>
  copyDiagnostics(): Promise<void>
  onSignIn(listener: (signIn: SignIn) => void): void
  /** Hears of every account, whichever process changed it. */
  onAccount(listener: (event: AccountEvent) => void): void
  /** Hears all notices that hold, whenever they change. */
  onNotices(listener: (notices: Notice[]) => void): void
}
