import { beforeEach, describe, expect, test } from 'vitest'
import type { EmailProviders, Failure } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, aliceNeedsSignIn, bob, cancelled, signIn, signInByEmail, timedOut } from '../bridge/samples'
import { Store } from './store.svelte'

const email = 'alice@example.org'
const noSignIn: Failure = { code: 'no_sign_in', message: 'No sign-in is waiting.', retryable: false }

let bridge: MockBridge
let store: Store

const sent = () => bridge.asked.filter((call) => call.startsWith('login'))
const settled = () => new Promise((resolve) => setTimeout(resolve))

/** Begins a sign-in by email and brings it to the browser. */
async function begin(): Promise<void> {
  store.text = email
  void store.signIn()
  await settled()
  bridge.progress(signInByEmail('resolving'))
  bridge.progress(signInByEmail('waiting'))
}

beforeEach(async () => {
  bridge = new MockBridge()
  store = new Store(bridge)
  await store.start()
})

describe('sending a code', () => {
  test('goes to the provider and on to the account', async () => {
    await begin()
    expect(sent()).toEqual([`loginWithEmail ${email}`])
    expect(store.email).toBe(email)
    expect(store.view).toBe('waiting')
    bridge.succeed(alice)
    await settled()
    expect(store.view).toBe('account')
    expect(store.email).toBe('')
    expect(store.otherEmail).toBe(false)
  })

  test('takes the email out of what was pasted', async () => {
    void store.signIn(' mailto:alice@example.org?subject=Hello ')
    await settled()
    expect(sent()).toEqual([`loginWithEmail ${email}`])
  })

  test('is asked for once only, also while it is still being prepared', async () => {
    void store.signIn(email)
    expect(store.login.state).toBe('pending')
    await store.signIn(email)
    await settled()
    expect(sent()).toHaveLength(1)
  })

  test('sends nothing to a provider that was not shown, and shows it', async () => {
    bridge.providers = { chosen: 'https://other.example', known: [] }
    await store.signIn(email)
    expect(sent()).toEqual([])
    expect(store.failure?.message).toContain('nothing was sent')
    expect(store.provider.host).toBe('other.example')
    void store.signIn(email)
    await settled()
    expect(sent()).toHaveLength(1)
  })

  test('a sign-in by handle has no email and asks nobody about one', async () => {
    store.text = 'alice.test'
    void store.signIn()
    bridge.progress(signIn('waiting'))
    await settled()
    expect(store.email).toBe('')
    expect(bridge.asked.filter((call) => call === 'emailProviders')).toHaveLength(1)
  })

  test('without a result it gives back the text and the reason, and can be asked for again', async () => {
    await begin()
    bridge.progress(signInByEmail('failed', { error: timedOut }))
    bridge.fail(timedOut)
    await settled()
    expect(store.view).toBe('sign-in')
    expect(store.text).toBe(email)
    expect(store.email).toBe('')
    expect(store.failure).toEqual(timedOut)
    void store.signIn()
    await settled()
    expect(sent()).toHaveLength(2)
  })
})

describe('somebody is signed in with the email already', () => {
  beforeEach(async () => {
    bridge.known = alice
    store.text = email
    await store.signIn()
  })

  test('is offered before any code is sent', () => {
    expect(bridge.asked).toContain(`accountForEmail ${email}`)
    expect(store.offer).toEqual({ email, account: alice })
    expect(store.login.state).toBe('idle')
    expect(sent()).toEqual([])
  })

  test('is shown without a sign-in, and becomes the current one', async () => {
    bridge.account = bob
    bridge.others = [alice]
    expect(await store.goOn()).toBe(true)
    expect(store.view).toBe('account')
    expect(store.account).toEqual(alice)
    expect([store.text, store.offer]).toEqual(['', null])
    expect(sent()).toEqual([])
    await store.signOut()
    expect(bridge.asked).toContain(`logout ${alice.did}`)
  })

  test('is not shown when that is refused, and the offer stays', async () => {
    bridge.refusals.switchTo = timedOut
    expect(await store.goOn()).toBe(false)
    expect(store.view).toBe('sign-in')
    expect(store.offer).not.toBeNull()
    expect(store.failure).toEqual(timedOut)
  })

  test.each([
    ['is removed', () => bridge.tell('removed', alice)],
    ['needs a new sign-in', () => bridge.tell('needs_sign_in', aliceNeedsSignIn)],
  ])('is not offered any more when it %s', (_, change) => {
    change()
    expect(store.offer).toBeNull()
    expect(store.text).toBe(email)
  })

  test('a code can be had anyway, without the offer coming back', async () => {
    void store.sendCodeAnyway()
    void store.sendCodeAnyway()
    await settled()
    expect(sent()).toEqual([`loginWithEmail ${email}`])
    expect(store.offer).toBeNull()
  })
})

test.each([
  ['needs a new sign-in', () => (bridge.known = aliceNeedsSignIn)],
  ['is not known', () => (bridge.known = null)],
  ['cannot be found out', () => (bridge.refusals.accountForEmail = noSignIn)],
])('a code is sent at once when who has the email %s', async (_, prepare) => {
  prepare()
  void store.signIn(email)
  await settled()
  expect(store.offer).toBeNull()
  expect(sent()).toEqual([`loginWithEmail ${email}`])
})

describe('trying again', () => {
  beforeEach(begin)

  test('begins only when the cancelled attempt has ended, and stays in view meanwhile', async () => {
    const trying = store.tryAgain()
    expect(store.attempt).toMatchObject({ phase: 'resolving', server: 'certified.one', url: '' })
    await settled()
    expect(bridge.asked.at(-1)).toBe('cancel')
    // Go says that the attempt failed before it is free for the next one.
    bridge.progress(signInByEmail('failed', { error: cancelled }))
    await settled()
    expect(store.view).toBe('waiting')
    expect(sent()).toHaveLength(1)
    bridge.fail(cancelled)
    await settled()
    expect(sent()).toEqual([`loginWithEmail ${email}`, `loginWithEmail ${email}`])
    expect(store.view).toBe('waiting')
    expect(store.failure).toBeNull()
    bridge.progress(signInByEmail('waiting', { id: 'attempt-2' }))
    expect(store.attempt?.id).toBe('attempt-2')
    expect(store.email).toBe(email)
    bridge.succeed(alice)
    await trying
    expect(store.view).toBe('account')
  })

  test('works when the attempt ends by itself at the same moment', async () => {
    bridge.refusals.cancel = noSignIn
    void store.tryAgain()
    bridge.progress(signInByEmail('failed', { error: timedOut }))
    bridge.fail(timedOut)
    await settled()
    expect(sent()).toHaveLength(2)
    expect(store.failure).toBeNull()
  })

  test('sends no second code when the first one was accepted at the same moment', async () => {
    void store.tryAgain()
    bridge.tell('added', alice)
    bridge.progress(signInByEmail('done', { did: alice.did }))
    bridge.succeed(alice)
    await settled()
    expect(sent()).toHaveLength(1)
    expect(store.view).toBe('account')
  })

  test('does not offer the account that has the email', async () => {
    bridge.known = alice
    void store.tryAgain()
    bridge.fail(cancelled)
    await settled()
    expect(sent()).toHaveLength(2)
  })

  test('happens once, however often it is asked', async () => {
    void store.tryAgain()
    void store.tryAgain()
    bridge.fail(cancelled)
    await settled()
    void store.tryAgain()
    await settled()
    expect(sent()).toHaveLength(2)
    expect(bridge.asked.filter((call) => call === 'cancel')).toHaveLength(1)
  })

  test('can be cancelled while the old attempt is still ending', async () => {
    void store.tryAgain()
    bridge.refusals.cancel = noSignIn
    await store.cancel()
    expect(store.view).toBe('sign-in')
    expect(store.text).toBe('')
    expect(store.failure).toBeNull()
    bridge.fail(cancelled)
    await settled()
    expect(sent()).toHaveLength(1)
    expect(store.view).toBe('sign-in')
  })

  test('can be cancelled while the fresh attempt is being prepared', async () => {
    let answer = (_providers: EmailProviders) => {}
    bridge.emailProviders = () => new Promise((resolve) => (answer = resolve))
    void store.tryAgain()
    bridge.fail(cancelled)
    await settled()
    await store.cancel()
    answer(bridge.providers)
    await settled()
    expect(sent()).toHaveLength(1)
    expect(store.view).toBe('sign-in')
    expect(store.failure).toBeNull()
  })

  test('says why the fresh attempt did not begin', async () => {
    void store.tryAgain()
    bridge.refusals.loginWithEmail = timedOut
    bridge.fail(cancelled)
    await settled()
    expect(store.view).toBe('sign-in')
    expect(store.failure).toEqual(timedOut)
  })
})

describe('leaving it', () => {
  beforeEach(begin)

  test('empties the box', async () => {
    await store.cancel()
    bridge.progress(signInByEmail('failed', { error: cancelled }))
    bridge.fail(cancelled)
    await settled()
    expect([store.view, store.text, store.email]).toEqual(['sign-in', '', ''])
    expect(store.failure).toBeNull()
  })

  test('for another email gives the email back', async () => {
    await store.useOtherEmail()
    bridge.fail(cancelled)
    await settled()
    expect([store.view, store.text, store.email]).toEqual(['sign-in', email, ''])
    expect(store.failure).toBeNull()
  })

  test('keeps the email when it did not work', async () => {
    bridge.refusals.cancel = noSignIn
    expect(await store.cancel()).toBe(false)
    expect([store.view, store.text]).toEqual(['waiting', email])
  })
})

test('there is no trying again after a reload, when the email is forgotten', async () => {
  bridge.progress(signInByEmail('waiting'))
  await store.tryAgain()
  expect(bridge.asked).not.toContain('cancel')
  expect(store.view).toBe('waiting')
})

describe('the account belongs to another email', () => {
  const done = signInByEmail('done', { did: alice.did, otherEmail: true })

  test('is known when the end comes first', async () => {
    await begin()
    bridge.progress(done)
    bridge.succeed(alice)
    await settled()
    expect(store.otherEmail).toBe(true)
  })

  test('is known when the account comes first', async () => {
    await begin()
    bridge.succeed(alice)
    await settled()
    bridge.progress(done)
    expect(store.otherEmail).toBe(true)
  })

  test('is known after a reload', async () => {
    bridge.progress(signInByEmail('waiting'))
    bridge.account = alice
    bridge.progress(done)
    await settled()
    expect(store.view).toBe('account')
    expect(store.otherEmail).toBe(true)
  })

  test('is over when it is kept, signed out, or signed in anew', async () => {
    bridge.tell('added', alice)
    bridge.progress(done)
    store.keep()
    expect(store.otherEmail).toBe(false)

    bridge.progress({ ...done, id: 'attempt-2' })
    expect(store.otherEmail).toBe(true)
    await store.signOut()
    expect(store.otherEmail).toBe(false)

    bridge.tell('added', alice)
    void store.signIn('alice.test')
    expect(store.otherEmail).toBe(false)
  })
})
