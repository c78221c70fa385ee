/**
 * The states to look at in a plain browser: `npm run dev`, then `?state=` and one of the names below.
 * `signin` (also the default) plays a whole sign-in: `alice.test` succeeds, an unknown name fails.
 */
import { MockBridge } from './mock'
import { alice, aliceNeedsSignIn, cancelled, notFound, signIn } from './samples'

const hour = 3_600_000

function during(attempt: ReturnType<typeof signIn>): MockBridge {
  const bridge = new MockBridge()
  bridge.current = attempt
  bridge.cancel = async () => {
    bridge.progress({ ...attempt, phase: 'failed', error: cancelled })
  }
  return bridge
}

function signedIn(changes: Partial<typeof alice> = {}): MockBridge {
  const bridge = new MockBridge()
  bridge.account = { ...alice, ...changes }
  return bridge
}

/** Answers a login the way a friendly server would, slowly enough to watch. */
function interactive(bridge = new MockBridge()): MockBridge {
  const { login } = bridge
  let steps: ReturnType<typeof setTimeout>[] = []
  let attempts = 0
  bridge.login = (identifier) => {
    const id = `attempt-${++attempts}`
    const at = (milliseconds: number, step: () => void) => steps.push(setTimeout(step, milliseconds))
    at(0, () => bridge.progress(signIn('resolving', { id, handle: identifier })))
    if (identifier === alice.handle) {
      at(900, () => bridge.progress(signIn('waiting', { id })))
      at(6000, () => bridge.progress(signIn('exchanging', { id })))
      at(7200, () => bridge.succeed(alice))
    } else {
      at(900, () => bridge.fail(notFound))
    }
    return login(identifier)
  }
  bridge.cancel = async () => {
    steps.forEach(clearTimeout)
    steps = []
    bridge.fail(cancelled)
  }
  bridge.refusals.loginWithEmail = {
    code: 'email_provider_not_set',
    message: 'Signing in with an email is not set up in this app yet. Use your handle instead.',
    retryable: false,
  }
  return bridge
}

const scenes: Readonly<Record<string, () => MockBridge>> = {
  starting: () => {
    const bridge = new MockBridge()
    bridge.whoami = () => new Promise(() => {})
    return bridge
  },
  signin: () => interactive(),
  failed: () => {
    const bridge = interactive(during(signIn('resolving', { handle: 'alice.tset' })))
    setTimeout(() => bridge.progress(signIn('failed', { handle: 'alice.tset', error: notFound })), 300)
    return bridge
  },
  resolving: () => during(signIn('resolving')),
  waiting: () => during(signIn('waiting')),
  'no-browser': () => during(signIn('waiting', { browserOpened: false })),
  'server-only': () => during(signIn('waiting', { handle: '', did: '', server: 'pds.example.com' })),
  exchanging: () => during(signIn('exchanging')),
  'long-wait': () => during(signIn('waiting', { deadline: new Date(Date.now() + hour).toISOString() })),
  account: () => signedIn(),
  'account-without-handle': () =>
    signedIn({ handle: '', scopes: ['atproto', 'transition:generic', 'repo:app.bsky.feed.post?action=create'] }),
  'needs-sign-in': () => interactive(signedIn(aliceNeedsSignIn)),
  'sign-out-fails': () => {
    const bridge = signedIn()
    bridge.refusals.logout = {
      code: 'keychain_locked',
      message: 'Your keychain is locked. Unlock it, then sign out again.',
      retryable: true,
    }
    return bridge
  },
  hostile: () =>
    signedIn({
      handle: `${'very-long-name-'.repeat(8)}.<img src=x onerror=alert(1)>.example.com`,
      server: 'a-server-with-quite-a-long-name.on-a-long-domain.example.com:12345',
      scopes: ['<b>atproto</b>'],
    }),
}

export function play(name: string | null): MockBridge {
  return (scenes[name ?? ''] ?? interactive)()
}
