/** Made-up accounts, attempts and failures for tests and for a plain browser. */
import type { Account, Failure, Phase, SignIn } from './bridge'

export const alice: Account = {
  did: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz',
  handle: 'alice.test',
  server: 'localhost:2583',
  status: 'active',
  reason: '',
  scopes: ['atproto', 'account:email'],
}

export const aliceNeedsSignIn: Account = {
  ...alice,
  status: 'needs_sign_in',
  reason: 'Your server did not recognise this sign-in any more. Sign in again to go on.',
}

export const notFound: Failure = {
  code: 'handle_not_found',
  message: 'Nobody could be found under alice.tset. Check the spelling, or ask where you got the name.',
  retryable: false,
}

export const cancelled: Failure = { code: 'cancelled', message: 'The sign-in was cancelled.', retryable: true }

export const timedOut: Failure = {
  code: 'timed_out',
  message: 'Nobody approved the sign-in in time. Try again for a fresh one.',
  retryable: true,
}

export const notAServer: Failure = {
  code: 'not_an_atproto_server',
  message: 'There is no AT Protocol server at this address. Check the spelling.',
  retryable: false,
}

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
    codeByEmail: false,
    otherEmail: false,
    deadline: known ? new Date(Date.now() + 5 * 60_000).toISOString() : '',
    error: null,
    ...changes,
  }
}
