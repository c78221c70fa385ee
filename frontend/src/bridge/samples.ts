/** Made-up accounts, attempts and failures for tests and for a plain browser: as they arrive, in the language of the window. */
import type { Account, Failure, Finding, Notice, Phase, Preview, SignIn, Suggestion, UsedAccount } from './bridge'
import { toFindings } from './decode'
import { sentence, value } from './words'

function said(code: string, message: string, subject = ''): Notice {
  return { code, message: sentence(code, message, subject) }
}

/** The moment so many hours from now. */
export function hours(from: number): string {
  return new Date(Date.now() + from * 3_600_000).toISOString()
}

export const alice: Account = {
  did: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz',
  handle: 'alice.test',
  server: 'localhost:2583',
  status: 'active',
  reason: '',
  reasonCode: '',
  scopes: ['atproto', 'account:email'],
  signedIn: hours(-2 * 24),
  renewed: hours(-1),
  sessionEnds: hours(12 * 24),
  endsSoon: false,
  inMemory: false,
  offline: false,
  name: '',
  avatar: '',
}

export const bob: Account = { ...alice, did: 'did:plc:ragtjsm2j2vknwkz3zp4oxrd', handle: 'bob.test', server: 'localhost:2584' }

export const carol: Account = {
  ...alice,
  did: 'did:plc:yk4dd2qkboz2yv6tpubpc6co',
  handle: 'carol.example.com',
  server: 'pds.example.com',
}

export const aliceNeedsSignIn: Account = {
  ...alice,
  status: 'needs_sign_in',
  reason: sentence('session_rejected', 'Your server did not recognise this sign-in any more. Sign in again to go on.'),
  reasonCode: 'session_rejected',
  scopes: [],
  signedIn: '',
  renewed: '',
  sessionEnds: '',
}

export const aliceMoved: Account = {
  ...aliceNeedsSignIn,
  server: 'localhost:2584',
  reason: sentence('account_moved', 'Your account has moved to localhost:2584. Sign in there to go on.', 'localhost:2584'),
  reasonCode: 'account_moved',
}

export const alicePreview: Preview = {
  kind: 'handle',
  did: alice.did,
  handle: 'alice.test',
  server: 'localhost:2583',
  name: 'Alice Example',
  avatar: `/avatar/${alice.did}?bafyalice`,
  ready: true,
  warnings: [],
}

export const mismatch: Preview = {
  ...alicePreview,
  handle: '',
  server: '',
  name: '',
  avatar: '',
  ready: false,
  warnings: [
    said('identity_mismatch', "This handle names an account that does not confirm it. Sign in with the account's DID, or ask whoever runs the handle's domain."),
  ],
}

export const lookAlike: Preview = {
  ...alicePreview,
  handle: 'a1ice.test',
  warnings: [
    said('handle_looks_alike', 'This handle only looks like alice.test. Make sure that it is the right account.', 'alice.test'),
  ],
}

export const serverPreview: Preview = { ...alicePreview, kind: 'server', did: '', handle: '', server: 'pds.example.com', name: '', avatar: '' }

export const suggestions: Suggestion[] = [
  { did: alice.did, handle: alice.handle, name: 'Alice Example', avatar: '' },
  { did: 'did:plc:6fruxcbxa2dnhhdhtsxbahc7', handle: 'alicia.example.com', name: '', avatar: '' },
  { did: carol.did, handle: carol.handle, name: 'Carol, known as Alice to everybody who has met her at work', avatar: '' },
]

/** What is left of an account that was signed out. */
export function used({ did, handle, server }: Account): UsedAccount {
  return { did, handle, server }
}

export const emptied: Notice = said('storage_emptied', "The app's data was empty, though somebody was signed in here before. Sign in again to go on.")

export const unsaved: Notice = said('session_unsaved', 'Your renewed sign-in could not be saved yet. Make room on the disk before you close the app, or you will have to sign in again.')

export const locked: Failure = { ...said('keychain_locked', 'Your keychain is locked. Unlock it, then try again.'), retryable: true }

export const storageBusy: Failure = { ...said('storage_busy', "The app's data is in use by another program. Try again in a moment."), retryable: true }

export const notFound: Failure = { ...said('handle_not_found', 'There is no account with this handle. Check the spelling.'), retryable: false }

export const cancelled: Failure = { ...said('cancelled', 'The sign-in was cancelled.'), retryable: true }

export const timedOut: Failure = { ...said('timed_out', 'Nobody approved the sign-in in time. Try again for a fresh one.'), retryable: true }

export const notTheAddress: Failure = { ...said('callback_invalid', "This is not the address of the page that the sign-in ended on. Copy it whole from the browser's address bar."), retryable: false }

export const notAServer: Failure = { ...said('not_an_atproto_server', 'There is no AT Protocol server at this address. Check the spelling.'), retryable: false }

/** An attempt by email: nobody is known before the end. */
export function signInByEmail(phase: Phase, changes: Partial<SignIn> = {}): SignIn {
  return signIn(phase, { did: '', handle: '', server: 'certified.one', codeByEmail: phase !== 'resolving', ...changes })
}

export function signIn(phase: Phase, changes: Partial<SignIn> = {}): SignIn {
  const known = phase !== 'resolving'
  return {
    id: 'attempt-1',
    phase,
    did: known ? alice.did : '',
    handle: 'alice.test',
    server: known ? alice.server : '',
    url: known ? 'http://127.0.0.1:41925/go/Zr3cWJm8QxT0b1Y' : '',
    browserOpened: known,
    remote: false,
    codeByEmail: false,
    otherEmail: false,
    deadline: known ? new Date(Date.now() + 5 * 60_000).toISOString() : '',
    error: null,
    ...changes,
  }
}

export const wellFound: Finding[] = toFindings([
  { name: 'keys', title: 'Keys', value: 'GNOME Keyring (Secret Service)', trouble: null },
  { name: 'program', title: 'Program', value: 'Latchkey 0.1.0', trouble: null },
  { name: 'signature', title: 'Signature', value: 'none, because this is a development build', trouble: null },
  { name: 'system', title: 'System', value: 'linux/amd64, Debian GNU/Linux 12 (bookworm)', trouble: null },
  { name: 'desktop', title: 'Desktop', value: 'Wayland, GNOME', trouble: null },
  { name: 'folder', title: 'Data', value: '~/.local/share/latchkey', trouble: null },
  { name: 'database', title: 'Database', value: 'whole, version 3, 48 KB', trouble: null },
  { name: 'listener', title: 'Way back from the browser', value: '127.0.0.1 can be used', trouble: null },
])

export const listenerFailed: Failure = { ...said('listener_failed', 'This computer did not let the app wait for your browser. Check its firewall, then try again.'), retryable: true }

export const troubled: Finding[] = wellFound.map((finding) => {
  if (finding.name === 'keys') return { ...finding, trouble: locked }
  return finding.name === 'listener' ? { ...finding, value: value("127.0.0.1 can't be used"), trouble: listenerFailed } : finding
})
