import { beforeEach, describe, expect, test, vi } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { alice, aliceNeedsSignIn, bob, cancelled, locked, notFound, signIn, storageBusy } from '../bridge/samples'
import { Store } from './store.svelte'


let bridge: MockBridge
let store: Store

async function started(prepare?: () => void): Promise<void> {
  prepare?.()
  await store.start()
}

/** Begins a sign-in and brings it to the browser; the promise given back ends with it. */
function begin(text = 'alice.test'): Promise<void> {
  store.text = text
  const login = store.signIn()
  bridge.progress(signIn('resolving'))
  bridge.progress(signIn('waiting'))
  return login
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})

describe('start', () => {
  test('shows nothing until everything is known', async () => {
    const starting = store.start()
    expect(store.view).toBe('starting')
    await starting
    expect(store.view).toBe('sign-in')
    expect(store.failure).toBeNull()
    expect(store.product.name).toBe('Latchkey')
  })

  test('shows the account that is signed in', async () => {
    await started(() => (bridge.account = alice))
    expect(store.view).toBe('account')
    expect(store.account).toEqual(alice)
  })

  test('shows the attempt in progress after a reload', async () => {
    await started(() => (bridge.current = signIn('waiting')))
    expect(store.view).toBe('waiting')
  })

  test('does not show an attempt that is over', async () => {
    await started(() => (bridge.current = signIn('failed', { error: notFound })))
    expect(store.view).toBe('sign-in')
  })

  test('says why the account cannot be read, and reads it when asked to', async () => {
    await started(() => (bridge.refusals = { whoami: storageBusy, accounts: storageBusy }))
    expect(store.view).toBe('trouble')
    expect(store.trouble).toEqual(storageBusy)
    expect(store.failure).toBeNull()
    await store.retry()
    expect(store.view).toBe('trouble')
    bridge.refusals = {}
    bridge.account = alice
    const retrying = store.retry()
    expect(store.retrying).toBe(true)
    await retrying
    expect(store.view).toBe('account')
    expect([store.trouble, store.retrying]).toEqual([null, false])
  })

  test('goes on to the sign-in once it is known that nobody is signed in', async () => {
    await started(() => (bridge.refusals.whoami = storageBusy))
    bridge.refusals = {}
    await store.retry()
    expect(store.view).toBe('sign-in')
  })

  test('the trouble is over when somebody signs in elsewhere', async () => {
    await started(() => (bridge.refusals = { whoami: storageBusy, accounts: storageBusy }))
    bridge.tell('added', alice)
    expect(store.view).toBe('account')
    bridge.tell('removed', alice)
    await vi.waitFor(() => expect(store.view).toBe('sign-in'))
  })

  test('survives not knowing the name, the attempt, the notices and the other accounts', async () => {
    await started(() => {
      bridge.account = alice
      bridge.refusals = { product: locked, attempt: locked, notices: locked, accounts: locked }
    })
    expect(store.account).toEqual(alice)
    expect(store.failure).toBeNull()
  })

  test('survives not knowing the name and the attempt, with nobody there', async () => {
    await started(() => (bridge.refusals = { product: locked, attempt: locked }))
    expect(store.view).toBe('sign-in')
    expect(store.failure).toBeNull()
  })

  test('believes an event that arrives meanwhile rather than the older answer', async () => {
    bridge.account = alice
    const starting = store.start()
    bridge.tell('removed', alice)
    await starting
    expect(store.view).toBe('sign-in')
  })
})

describe('signing in', () => {
  test('goes through waiting to the account', async () => {
    await started()
    const login = begin(' alice.test ')
    expect(bridge.asked).toContain('login alice.test')
    expect(store.view).toBe('waiting')
    bridge.progress(signIn('exchanging'))
    expect(store.attempt?.phase).toBe('exchanging')
    bridge.succeed(alice)
    await login
    expect(store.view).toBe('account')
    expect(store.text).toBe('')
    expect(store.login.state).toBe('idle')
  })

  test('stays in the sign-in view while nothing is heard of the attempt', async () => {
    await started()
    store.text = 'alice.test'
    void store.signIn()
    expect(store.view).toBe('sign-in')
    expect(store.login.state).toBe('pending')
  })

  test('sends an email where emails go', async () => {
    await started(() => (bridge.refusals.loginWithEmail = locked))
    store.text = 'alice@example.com'
    await store.signIn()
    expect(bridge.asked).toContain('loginWithEmail alice@example.com')
    expect(store.failure).toEqual(locked)
  })

  test('ignores an empty box', async () => {
    await started()
    store.text = '  '
    await store.signIn()
    expect(bridge.asked.filter((call) => call.startsWith('login'))).toEqual([])
  })

  test('keeps the text when it fails, and forgets the failure when tried again', async () => {
    await started()
    const login = begin('alice.tset')
    bridge.fail(notFound)
    await login
    expect(store.view).toBe('sign-in')
    expect(store.text).toBe('alice.tset')
    expect(store.failure).toEqual(notFound)
    void store.signIn()
    expect(store.failure).toBeNull()
  })

  test('gives a sentence for something that is no failure of ours', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    await started(() => (bridge.login = () => Promise.reject(new TypeError('window.go is undefined'))))
    store.text = 'alice.test'
    await store.signIn()
    expect(store.failure?.code).toBe('internal')
    expect(store.failure?.message).not.toContain('window.go')
  })

  test('is asked for once only', async () => {
    await started()
    void begin()
    await store.signIn('bob.test')
    expect(bridge.asked.filter((call) => call.startsWith('login'))).toEqual(['login alice.test'])
  })

  test('is asked for once only before anything is heard of it', async () => {
    await started()
    void store.signIn('alice.test')
    void store.signIn('bob.test')
    expect(bridge.asked.filter((call) => call.startsWith('login'))).toEqual(['login alice.test'])
  })

  test('is not asked for while an attempt from before a reload goes on', async () => {
    await started(() => (bridge.current = signIn('waiting')))
    await store.signIn('bob.test')
    expect(bridge.asked.filter((call) => call.startsWith('login'))).toEqual([])
  })
})

describe('the outcome comes twice', () => {
  test('success: events first', async () => {
    await started()
    const login = begin()
    bridge.tell('added', alice)
    bridge.progress(signIn('done'))
    bridge.succeed(alice)
    await login
    expect(store.view).toBe('account')
    expect(bridge.asked.filter((call) => call === 'whoami')).toHaveLength(1)
  })

  test('success: promise first', async () => {
    await started()
    const login = begin()
    bridge.succeed(alice)
    await login
    bridge.progress(signIn('exchanging'))
    bridge.progress(signIn('done'))
    bridge.tell('added', alice)
    expect(store.view).toBe('account')
  })

  test('failure: event first', async () => {
    await started()
    const login = begin()
    bridge.progress(signIn('failed', { error: notFound }))
    expect(store.view).toBe('sign-in')
    expect(store.failure).toEqual(notFound)
    bridge.fail(notFound)
    await login
    expect(store.failure).toEqual(notFound)
  })

  test('failure: promise first', async () => {
    await started()
    const login = begin()
    bridge.fail(notFound)
    await login
    bridge.progress(signIn('exchanging'))
    bridge.progress(signIn('failed', { error: locked }))
    expect(store.view).toBe('sign-in')
    expect(store.failure).toEqual(notFound)
  })

  test('a late rejection does not end the attempt begun after it', async () => {
    await started()
    const first = begin()
    bridge.progress(signIn('failed', { error: notFound }))
    bridge.fail(notFound)
    store.text = 'bob.test'
    const second = store.signIn()
    bridge.progress(signIn('waiting', { id: 'attempt-2' }))
    await first
    expect(store.view).toBe('waiting')
    bridge.succeed(bob)
    await second
    expect(store.account).toEqual(bob)
  })
})

describe('cancelling', () => {
  test('returns quietly with the text', async () => {
    await started()
    const login = begin()
    await store.cancel()
    expect(bridge.asked).toContain('cancel')
    bridge.fail(cancelled)
    await login
    expect(store.view).toBe('sign-in')
    expect(store.text).toBe('alice.test')
    expect(store.failure).toBeNull()
  })

  test('works after a reload, where only the answer to it can tell', async () => {
    await started(() => (bridge.current = signIn('waiting')))
    await store.cancel()
    expect(store.view).toBe('sign-in')
    expect(store.failure).toBeNull()
    bridge.progress(signIn('failed', { error: cancelled }))
    expect(store.view).toBe('sign-in')
  })

  test('says why it did not work', async () => {
    await started(() => (bridge.refusals.cancel = locked))
    void begin()
    await store.cancel()
    expect(store.view).toBe('waiting')
    expect(store.failure).toEqual(locked)
  })
})

describe('after a reload', () => {
  beforeEach(() => started(() => (bridge.current = signIn('waiting'))))

  test.each(['added', 'changed'] as const)('an account that is %s does not end the waiting: it may be news of something else', (kind) => {
    bridge.tell(kind, alice)
    expect(store.view).toBe('waiting')
  })

  test('the end of the attempt is enough', async () => {
    bridge.account = alice
    bridge.progress(signIn('done'))
    await vi.waitFor(() => expect(store.view).toBe('account'))
  })

  test('a failure gives back who it was about', () => {
    bridge.progress(signIn('failed', { error: notFound }))
    expect(store.view).toBe('sign-in')
    expect(store.failure).toEqual(notFound)
    expect(store.text).toBe('alice.test')
  })

  test('news of another account do not end the waiting', () => {
    bridge.tell('changed', bob)
    expect(store.view).toBe('waiting')
  })
})

describe('the account', () => {
  test('leaves with the removed event', async () => {
    await started(() => (bridge.account = alice))
    bridge.tell('removed', bob)
    expect(store.view).toBe('account')
    bridge.tell('removed', alice)
    await vi.waitFor(() => expect(store.view).toBe('sign-in'))
  })

  test('needs a new sign-in when told so, and gets it', async () => {
    await started(() => (bridge.account = alice))
    bridge.tell('needs_sign_in', aliceNeedsSignIn)
    expect(store.account?.status).toBe('needs_sign_in')
    const login = store.renew()
    expect(bridge.asked).toContain(`renew ${alice.did}`)
    bridge.progress(signIn('waiting'))
    expect(store.view).toBe('waiting')
    bridge.succeed(alice)
    await login
    expect(store.account).toEqual(alice)
  })

  test('comes back when its new sign-in is cancelled', async () => {
    await started(() => (bridge.account = aliceNeedsSignIn))
    const login = store.renew()
    bridge.progress(signIn('waiting'))
    bridge.fail(cancelled)
    await login
    expect(store.view).toBe('account')
    expect(store.failure).toBeNull()
  })

  test('signs out', async () => {
    await started(() => (bridge.account = alice))
    await store.signOut()
    expect(bridge.asked).toContain(`logout ${alice.did}`)
    expect(store.view).toBe('sign-in')
  })

  test.each(['not_signed_in', 'account_unknown'])('is signed out as well when it already was: %s', async (code) => {
    await started(() => (bridge.account = alice))
    bridge.account = null
    bridge.refusals.logout = { code, message: 'Not here.', retryable: false }
    await store.signOut()
    expect(store.view).toBe('sign-in')
    expect(store.failure).toBeNull()
  })

  test('makes room for the next account, without a sign-in view in between', async () => {
    await started(() => (bridge.account = alice))
    bridge.others = [bob]
    const leaving = store.signOut()
    bridge.tell('removed', alice)
    expect(store.view).toBe('account')
    await leaving
    expect(store.account).toEqual(bob)
    expect(store.logout.state).toBe('idle')
  })

  test('stays when signing out fails, and says why', async () => {
    await started(() => (bridge.account = alice))
    bridge.refusals.logout = locked
    await store.signOut()
    expect(store.view).toBe('account')
    expect(store.failure).toEqual(locked)
  })

  test('leaves alone the sign-in begun while signing out was still going on', async () => {
    await started(() => (bridge.account = alice))
    const leaving = store.signOut()
    bridge.tell('removed', alice)
    const login = store.signIn('bob.test')
    await leaving
    bridge.succeed(bob)
    await login
    expect(store.account).toEqual(bob)
  })

  test('is signed out once, however often it is asked', async () => {
    await started(() => (bridge.account = alice))
    await Promise.all([store.signOut(), store.signOut()])
    expect(bridge.asked.filter((call) => call.startsWith('logout'))).toHaveLength(1)
  })
})

test('opening and copying go to the bridge and say whether they worked', async () => {
  await started()
  void begin()
  expect(await store.openBrowser()).toBe(true)
  expect(await store.copyLink()).toBe(true)
  bridge.refusals.copyText = locked
  expect(await store.copyText('x')).toBe(false)
  expect(store.failure).toEqual(locked)
  expect(bridge.asked.slice(-3)).toEqual(['openBrowser', 'copyLink', 'copyText x'])
})
