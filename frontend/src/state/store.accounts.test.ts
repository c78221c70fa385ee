import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Account, Failure } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, aliceNeedsSignIn, bob, cancelled, carol, emptied, locked, notFound, signIn, signInByEmail, timedOut, unsaved } from '../bridge/samples'
import { Store } from './store.svelte'

const inProgress: Failure = {
  code: 'sign_in_in_progress',
  message: 'A sign-in is already waiting in your browser. Finish it there, or cancel it first.',
  retryable: false,
}
const forBob = { did: bob.did, handle: bob.handle, server: bob.server }

let bridge: MockBridge
let store: Store
const settled = () => new Promise((resolve) => setTimeout(resolve))
const names = (list: readonly Account[]) => list.map(({ handle }) => handle)
const asked = (method: string) => bridge.asked.filter((call) => call.split(' ')[0] === method)

async function started(...accounts: Account[]): Promise<void> {
  const [account = null, ...others] = accounts
  Object.assign(bridge, { account, others })
  await store.start()
  await settled()
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})
afterEach(() => {
  vi.useRealTimers()
})

describe('switching', () => {
  beforeEach(() => started(alice, bob, carol))

  test('shows the other one, whom Go then means', async () => {
    expect(names(store.accounts.others)).toEqual(['bob.test', 'carol.example.com'])
    expect(await store.switchTo(bob.did)).toBe(true)
    expect(store.account).toEqual(bob)
    expect(names(store.accounts.others)).toEqual(['alice.test', 'carol.example.com'])
    await settled()
    expect(bridge.asked.at(-1)).toBe(`check ${bob.did}`)
    await store.signOut()
    expect(asked('logout')).toEqual([`logout ${bob.did}`])
  })

  test('happens once at a time, and nothing else meanwhile', async () => {
    const first = store.switchTo(bob.did)
    expect(store.busy).toBe(true)
    expect(await store.switchTo(carol.did)).toBe(false)
    store.add()
    await store.renew()
    await store.signOut()
    await store.signOutAll()
    await first
    expect(store.busy).toBe(false)
    expect(store.account).toEqual(bob)
    expect([asked('logout'), asked('logoutAll'), asked('renew'), store.adding]).toEqual([[], [], [], false])
  })

  test('says why it did not work, and forgets that when it does', async () => {
    bridge.refusals.switchTo = locked
    await store.switchTo(bob.did)
    expect(store.account).toEqual(alice)
    expect(store.failure).toEqual(locked)
    bridge.refusals = {}
    await store.switchTo(bob.did)
    expect(store.failure).toBeNull()
  })

  test('leaves behind why the other one could not be signed out', async () => {
    bridge.refusals.logout = locked
    await store.signOut()
    expect(store.failure).toEqual(locked)
    await store.switchTo(bob.did)
    expect(store.failure).toBeNull()
  })

  test('does not end a sign-in that was picked up meanwhile', async () => {
    const switching = store.switchTo(bob.did)
    bridge.progress(signIn('waiting'))
    await switching
    expect(store.view).toBe('waiting')
    expect(await store.switchTo(carol.did)).toBe(false)
  })
})

describe('adding an account', () => {
  beforeEach(async () => {
    await started(alice)
    store.add()
  })

  test('opens an empty sign-in, and goes back to who was shown', () => {
    expect([store.view, store.text, store.backTo]).toEqual(['sign-in', '', alice])
    store.text = 'bo'
    store.back()
    expect([store.view, store.text, store.account]).toEqual(['account', '', alice])
  })

  test('ends on the new account', async () => {
    const login = store.signIn('bob.test')
    bridge.progress(signIn('waiting', forBob))
    bridge.tell('added', bob)
    expect(store.view).toBe('waiting')
    bridge.progress(signIn('done', forBob))
    bridge.succeed(bob)
    await login
    expect([store.view, store.account, store.adding]).toEqual(['account', bob, false])
    expect(store.accounts.others).toEqual([alice])
  })

  test('stays where it is when the sign-in fails or is cancelled', async () => {
    store.text = 'bob.tset'
    const login = store.signIn()
    bridge.progress(signIn('resolving', { handle: 'bob.tset' }))
    bridge.fail(notFound)
    await login
    expect([store.view, store.text, store.failure]).toEqual(['sign-in', 'bob.tset', notFound])
    const again = store.signIn()
    bridge.progress(signIn('waiting', { ...forBob, id: 'attempt-2' }))
    await store.cancel()
    bridge.fail(cancelled)
    await again
    expect([store.view, store.failure, store.backTo]).toEqual(['sign-in', null, alice])
  })

  test('does not take a failure back to the account', async () => {
    bridge.refusals.login = notFound
    await store.signIn('bob.tset')
    store.back()
    expect(store.failure).toBeNull()
  })

  test('can not be left while the sign-in begins', () => {
    void store.signIn('bob.test')
    store.back()
    expect(store.view).toBe('sign-in')
  })

  test('with an email of somebody who is signed in goes on as that one', async () => {
    bridge.others = [bob]
    bridge.tell('added', bob)
    bridge.known = bob
    store.text = 'bob@example.org'
    await store.signIn()
    expect(store.offer?.account).toEqual(bob)
    await store.goOn()
    expect([store.view, store.account, store.adding]).toEqual(['account', bob, false])
    expect(asked('loginWithEmail')).toEqual([])
  })

  test('with the email of who is shown goes back to that one', async () => {
    bridge.known = alice
    await store.signIn('alice@example.org')
    await store.goOn()
    expect([store.view, store.account]).toEqual(['account', alice])
  })

  test('loses its way back when that one is removed elsewhere', async () => {
    store.text = 'bo'
    bridge.tell('removed', alice)
    await settled()
    expect([store.view, store.text, store.backTo, store.adding]).toEqual(['sign-in', 'bo', null, false])
  })
})

describe('news from elsewhere', () => {
  test('do not take away who is shown', async () => {
    await started(alice)
    bridge.tell('added', bob)
    bridge.tell('changed', { ...bob, offline: true })
    bridge.tell('changed', carol)
    expect([store.view, store.account]).toEqual(['account', alice])
    expect(names(store.accounts.others)).toEqual(['bob.test', 'carol.example.com'])
    expect(store.accounts.others[0]?.offline).toBe(true)
    bridge.tell('needs_sign_in', aliceNeedsSignIn)
    expect(store.account).toEqual(aliceNeedsSignIn)
    bridge.tell('changed', alice)
    expect(store.account).toEqual(alice)
    bridge.tell('removed', bob)
    expect(names(store.accounts.others)).toEqual(['carol.example.com'])
  })

  test('a sign-out means who is shown, though another one became the current one', async () => {
    await started(alice)
    bridge.tell('added', bob)
    await store.signOut()
    expect(asked('logout')).toEqual([`logout ${alice.did}`])
    expect(store.account).toEqual(bob)
  })

  test('show somebody to who has nobody and types nothing', async () => {
    await started()
    bridge.tell('added', bob)
    expect([store.view, store.account]).toEqual(['account', bob])
    await settled()
    expect(bridge.asked.slice(-2)).toEqual([`switchTo ${bob.did}`, `check ${bob.did}`])
    await store.signOut()
    expect(asked('logout')).toEqual([`logout ${bob.did}`])
  })

  test('more is asked for of who is shown, though Go named nobody yet', async () => {
    await started()
    bridge.refusals.switchTo = locked
    bridge.tell('added', bob)
    await settled()
    bridge.refusals = {}
    bridge.asked.length = 0
    void store.raise(['account:email'])
    await settled()
    expect(bridge.asked).toEqual([`switchTo ${bob.did}`, 'raise account:email'])
    expect(store.busy).toBe(true)
  })

  test('a renewal that fails before anybody was looked up goes back to the account', async () => {
    await started(alice)
    const renewal = store.renew()
    bridge.progress(signIn('resolving', { did: '' }))
    bridge.fail(notFound)
    await renewal
    expect([store.view, store.failure]).toEqual(['account', notFound])
  })

  test('a sign-out tells Go whom it means, when nothing else could', async () => {
    await started()
    bridge.refusals.switchTo = locked
    bridge.tell('added', bob)
    await settled()
    bridge.refusals = {}
    await store.signOut()
    expect(asked('logout')).toEqual([`logout ${bob.did}`])
  })

  test('let who types something type on, with a way to the account', async () => {
    await started()
    store.text = 'ali'
    bridge.tell('added', bob)
    expect([store.view, store.text, store.backTo]).toEqual(['sign-in', 'ali', bob])
    store.back()
    await settled()
    expect([store.view, store.account, store.text]).toEqual(['account', bob, ''])
  })

  test('a change shows nobody: only who signs in is news', async () => {
    await started()
    bridge.tell('changed', bob)
    expect(store.view).toBe('sign-in')
  })

  test('let a sign-in that waits go on', async () => {
    await started()
    const login = store.signIn('alice.test')
    bridge.progress(signIn('waiting'))
    bridge.tell('added', bob)
    expect(store.view).toBe('waiting')
    bridge.succeed(alice)
    await login
    expect(store.account).toEqual(alice)
  })

  test('when who is shown is removed, the current one comes', async () => {
    await started(alice, bob, carol)
    bridge.others = [carol, bob]
    bridge.tell('removed', alice)
    await settled()
    expect([store.view, store.account]).toEqual(['account', carol])
    expect(bridge.asked.at(-1)).toBe(`check ${carol.did}`)
  })

  test('that came while the window started are newer than the answers', async () => {
    Object.assign(bridge, { account: alice, others: [bob] })
    const starting = store.start()
    for (const change of [() => bridge.tell('added', carol), () => bridge.tell('removed', bob)]) change()
    bridge.announce(unsaved)
    bridge.holding = [emptied]
    await starting
    expect(names(store.accounts.list).toSorted()).toEqual(['alice.test', 'carol.example.com'])
    expect(store.notices.list.map(({ code }) => code)).toEqual([unsaved.code])
  })
})

describe('signing out of all', () => {
  beforeEach(() => started(alice, bob, carol))

  test('leaves nobody', async () => {
    const leaving = store.signOutAll()
    expect(store.logout.state).toBe('pending')
    for (const account of [bob, alice]) bridge.tell('removed', account)
    await settled()
    await leaving
    expect([store.view, store.accounts.list, store.logout.state]).toEqual(['sign-in', [], 'idle'])
  })

  test('nothing moves before it is done', async () => {
    let done = () => {}
    bridge.logoutAll = () => new Promise((resolve) => (done = resolve))
    const leaving = store.signOutAll()
    bridge.tell('removed', bob)
    bridge.tell('removed', alice)
    await settled()
    expect(names(store.accounts.list)).toEqual(['alice.test', 'bob.test', 'carol.example.com'])
    Object.assign(bridge, { account: null, others: [] })
    done()
    await leaving
    expect(store.view).toBe('sign-in')
  })

  test('says why it did not work, shows who is left, and can be tried again', async () => {
    bridge.refusals.logoutAll = locked
    bridge.account = carol
    bridge.others = []
    await store.signOutAll()
    expect([store.view, store.account, store.failure]).toEqual(['account', carol, locked])
    bridge.refusals = {}
    await store.signOutAll()
    expect([store.view, store.failure]).toEqual(['sign-in', null])
  })

  test('a failure that left nobody is none', async () => {
    bridge.refusals.logoutAll = locked
    Object.assign(bridge, { account: null, others: [] })
    await store.signOutAll()
    expect([store.view, store.failure]).toEqual(['sign-in', null])
  })

  test('is believed when nobody can say who is left', async () => {
    bridge.refusals.accounts = locked
    await store.signOutAll()
    expect(store.view).toBe('sign-in')
  })
})

describe('renewing', () => {
  beforeEach(() => started(alice, bob))

  test('is a sign-in of the account that is shown, and ends on it', async () => {
    const renewing = store.renew()
    expect(store.login.state).toBe('pending')
    expect(asked('renew')).toEqual([`renew ${alice.did}`])
    bridge.progress(signIn('waiting'))
    expect(store.view).toBe('waiting')
    bridge.succeed({ ...alice, endsSoon: false })
    await renewing
    expect([store.view, store.account]).toEqual(['account', alice])
  })

  test.each([
    [timedOut, timedOut],
    [cancelled, null],
  ])('comes back to the account when it does not work: $code', async (failure, said) => {
    const renewing = store.renew()
    bridge.progress(signIn('waiting'))
    bridge.progress(signIn('failed', { error: failure }))
    bridge.fail(failure)
    await renewing
    expect([store.view, store.account, store.failure]).toEqual(['account', alice, said])
  })

  test('after a reload comes back to the account as well', async () => {
    bridge.progress(signIn('waiting'))
    bridge.tell('changed', { ...alice, offline: true })
    expect(store.view).toBe('waiting')
    bridge.progress(signIn('failed', { error: timedOut }))
    expect([store.view, store.failure]).toEqual(['account', timedOut])
  })
})

describe('a sign-in picked up after a restart', () => {
  test('goes from waiting to the account, with nobody there before', async () => {
    await started()
    for (const phase of ['waiting', 'exchanging'] as const) {
      bridge.progress(signIn(phase, forBob))
      expect([store.view, store.attempt?.phase]).toEqual(['waiting', phase])
    }
    bridge.tell('added', bob)
    expect(store.view).toBe('waiting')
    bridge.progress(signIn('done', forBob))
    await settled()
    expect([store.view, store.account]).toEqual(['account', bob])
    await store.signOut()
    expect(asked('logout')).toEqual([`logout ${bob.did}`])
  })

  test('goes to its account, though somebody else is shown and the current one', async () => {
    await started(alice)
    bridge.progress(signInByEmail('waiting'))
    bridge.others = [bob]
    bridge.progress(signInByEmail('done', { did: bob.did }))
    await settled()
    expect([store.view, store.account]).toEqual(['account', bob])
    expect(store.accounts.others).toEqual([alice])
  })

  test('that fails can be begun anew, beside who is shown', async () => {
    await started(alice)
    bridge.progress(signIn('waiting', forBob))
    bridge.progress(signIn('failed', { ...forBob, error: timedOut }))
    expect([store.view, store.text, store.failure]).toEqual(['sign-in', 'bob.test', timedOut])
    store.back()
    expect([store.view, store.account, store.failure]).toEqual(['account', alice, null])
  })

  test.each([
    ['by its answer', () => store.cancel()],
    ['by its event', async () => bridge.progress(signIn('failed', { ...forBob, error: cancelled }))],
  ])('that is cancelled, known %s, goes back to who is shown', async (_, cancel) => {
    await started(alice)
    bridge.progress(signIn('waiting', forBob))
    await cancel()
    expect([store.view, store.account, store.failure]).toEqual(['account', alice, null])
  })

  test('comes into view when another one was about to begin', async () => {
    await started()
    bridge.refusals.login = inProgress
    bridge.current = signIn('waiting', forBob)
    await store.signIn('alice.test')
    expect([store.view, store.attempt?.handle, store.failure]).toEqual(['waiting', 'bob.test', inProgress])
    bridge.progress(signIn('done', forBob))
    bridge.account = bob
    await settled()
    expect(store.account).toEqual(bob)
  })

  test('stays in view when another one was about to begin', async () => {
    await started()
    const login = store.signIn('alice.test')
    bridge.progress(signIn('waiting', forBob))
    bridge.fail(inProgress)
    await login
    expect([store.view, store.problem]).toEqual(['waiting', inProgress])
    bridge.tell('added', bob)
    bridge.progress(signIn('done', forBob))
    await settled()
    expect([store.view, store.account]).toEqual(['account', bob])
  })

  test('that has ended just then leaves the reason', async () => {
    await started()
    bridge.refusals.login = inProgress
    await store.signIn('alice.test')
    expect([store.view, store.failure]).toEqual(['sign-in', inProgress])
  })
})

describe('checking', () => {
  test('happens at the start for who is shown, and for nobody otherwise', async () => {
    await started(alice)
    expect(asked('check')).toEqual([`check ${alice.did}`])
    bridge = new MockBridge()
    store = new Store(bridge)
    await started()
    store.glance()
    await store.check()
    expect(asked('check')).toEqual([])
  })

  test('happens when the window is looked at, once a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await started(alice)
    store.glance()
    vi.advanceTimersByTime(59_999)
    store.glance()
    expect(asked('check')).toHaveLength(1)
    vi.advanceTimersByTime(1)
    store.glance()
    store.glance()
    await settled()
    expect(asked('check')).toHaveLength(2)
    await store.check()
    expect(asked('check')).toHaveLength(3)
  })

  test('leaves a sign-in alone that is under way', async () => {
    await started(alice)
    bridge.progress(signIn('waiting'))
    await store.check()
    expect(asked('check')).toHaveLength(1)
  })

  test('says nothing when it does not work', async () => {
    bridge.refusals.check = locked
    await started(alice)
    expect(store.failure).toBeNull()
  })
})

test('notices come and go with their event', async () => {
  bridge.holding = [emptied]
  await started()
  expect(store.notices.list).toMatchObject([emptied])
  bridge.announce()
  expect(store.notices.list).toEqual([])
})
