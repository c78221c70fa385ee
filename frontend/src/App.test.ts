import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { tick } from 'svelte'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import App from './App.svelte'
import { MockBridge } from './bridge/mock'
import { alice, bob, cancelled, emptied, signIn, signInByEmail, storageBusy, unsaved } from './bridge/samples'
import { Store } from './state/store.svelte'

let bridge: MockBridge
let store: Store

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})

test('a whole visit by keyboard: sign in, cancel, sign in, sign out', async () => {
  render(App, { store })
  expect(screen.getByRole('main').getAttribute('aria-busy')).toBe('true')
  await store.start()

  const box = await screen.findByRole('textbox', { name: 'Who are you?' })
  await userEvent.type(box, 'alice.test{Enter}')
  bridge.progress(signIn('waiting'))
  await waitFor(() => expect(document.activeElement?.textContent).toBe('Go on in your browser'))
  await userEvent.tab()
  expect(document.activeElement?.textContent).toBe('Open the browser again')
  await userEvent.tab()
  await userEvent.tab()
  await userEvent.tab()
  expect(document.activeElement?.textContent).toBe('Cancel')
  await userEvent.keyboard('{Enter}')
  bridge.fail(cancelled)

  const again = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
  await waitFor(() => expect(document.activeElement).toBe(again))
  expect(again.value).toBe('alice.test')
  expect(screen.getByRole('alert').textContent).toBe('')
  await userEvent.keyboard('{Enter}')
  bridge.progress(signIn('waiting', { id: 'attempt-2' }))
  bridge.succeed(alice)

  await waitFor(() => expect(document.activeElement?.textContent).toBe('alice.test'))
  screen.getByRole('button', { name: 'Sign out' }).focus()
  await userEvent.keyboard('{Enter}')
  expect((await screen.findByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })).value).toBe('')
})

test('a whole visit by email: see who mails the code, have it sent twice, try another email', async () => {
  render(App, { store })
  await store.start()
  const title = () => screen.getByRole('heading', { level: 1 }).textContent
  const sent = () => bridge.asked.filter((call) => call.startsWith('loginWithEmail'))

  await userEvent.type(await screen.findByRole('textbox', { name: 'Who are you?' }), 'alice@example.org')
  screen.getByText('certified.one')
  expect(sent()).toEqual([])
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(sent()).toHaveLength(1))
  bridge.progress(signInByEmail('waiting'))
  await waitFor(() => expect(title()).toBe('Check your mail'))

  const titles = new Set<string | null>()
  const watch = new MutationObserver(() => titles.add(title()))
  watch.observe(document.body, { childList: true, subtree: true, characterData: true })
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  bridge.progress(signInByEmail('failed', { error: cancelled }))
  await tick()
  expect(sent()).toHaveLength(1)
  bridge.fail(cancelled)
  await waitFor(() => expect(sent()).toHaveLength(2))
  bridge.progress(signInByEmail('waiting', { id: 'attempt-2' }))
  await waitFor(() => expect(title()).toBe('Check your mail'))
  watch.disconnect()
  expect([...titles]).toEqual(['Asking certified.one', 'Check your mail'])

  await userEvent.click(screen.getByRole('button', { name: 'Use another email' }))
  bridge.fail(cancelled)
  const box = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
  await waitFor(() => expect(document.activeElement).toBe(box))
  expect(box.value.slice(box.selectionStart!, box.selectionEnd!)).toBe('alice@example.org')
})

test('the product gives the window its name', async () => {
  bridge.named = { name: 'Another Name', version: '2.0.0', scopes: [] }
  render(App, { store })
  await store.start()
  await screen.findByText('Another Name 2.0.0')
  expect(document.title).toBe('Another Name')
})

test('there is always exactly one main heading once started', async () => {
  bridge.account = alice
  render(App, { store })
  expect(screen.queryByRole('heading')).toBeNull()
  await store.start()
  await screen.findByRole('heading', { level: 1, name: 'alice.test' })
  bridge.tell('removed', alice)
  await screen.findByRole('heading', { level: 1, name: 'Sign in' })
  expect(screen.getAllByRole('heading')).toHaveLength(1)
})

test('a visit with two accounts by keyboard: add one, switch back, sign out of all', async () => {
  bridge.account = alice
  render(App, { store })
  await store.start()
  const box = () => screen.findByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
  const press = async (name: string) => {
    ;(await screen.findByRole('button', { name })).focus()
    await userEvent.keyboard('{Enter}')
  }
  const focusOn = (text: string) => waitFor(() => expect(document.activeElement?.textContent?.trim()).toBe(text))

  await press('Add an account')
  await screen.findByRole('heading', { level: 1, name: 'Add an account' })
  expect(document.activeElement).toBe(await box())
  await press('Back to alice.test')
  await focusOn('alice.test')

  await press('Add an account')
  await userEvent.type(await box(), 'bob.test{Enter}')
  bridge.progress(signIn('waiting', { did: bob.did, handle: bob.handle }))
  await screen.findByRole('heading', { level: 1, name: 'Go on in your browser' })
  bridge.succeed(bob)
  await focusOn('bob.test')

  await press('Switch to alice.test')
  await focusOn('alice.test')
  screen.getByRole('button', { name: 'Switch to bob.test' })
  await press('Sign out of all')
  await focusOn('No, stay signed in')
  await press('Yes, sign out of all')
  await waitFor(async () => expect(document.activeElement).toBe(await box()))
  expect(screen.queryByRole('button', { name: /^Back to/ })).toBeNull()
})

test('somebody who signs in elsewhere appears, unless something is typed', async () => {
  render(App, { store })
  await store.start()
  const box = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
  await userEvent.type(box, 'ali')
  bridge.tell('added', bob)
  await screen.findByRole('button', { name: 'Back to bob.test' })
  expect([document.activeElement, box.value]).toEqual([box, 'ali'])
  bridge.tell('removed', bob)
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Back to bob.test' })).toBeNull())
  await userEvent.clear(box)
  bridge.tell('added', bob)
  await screen.findByRole('heading', { level: 1, name: 'bob.test' })
})

describe('what holds for the whole program', () => {
  const hide = () => screen.queryByRole('button', { name: 'Hide' })

  test('stands above every view, and is announced when it comes', async () => {
    render(App, { store })
    const region = screen.getAllByRole('status')[0]!
    await store.start()
    bridge.announce(emptied)
    await waitFor(() => expect(region.textContent).toContain(emptied.message))
    bridge.tell('added', alice)
    await screen.findByRole('heading', { level: 1, name: 'alice.test' })
    expect(region.isConnected).toBe(true)
    expect(region.textContent).toContain(emptied.message)
  })

  test('can be put away, and the focus goes on to the view', async () => {
    bridge.holding = [emptied]
    bridge.account = alice
    render(App, { store })
    await store.start()
    const button = await screen.findByRole('button', { name: 'Hide' })
    expect(document.getElementById(button.getAttribute('aria-describedby')!)?.textContent).toBe(emptied.message)
    button.focus()
    await userEvent.keyboard('{Enter}')
    expect(screen.queryByText(emptied.message)).toBeNull()
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }))
  })

  test('one after the other can be put away', async () => {
    bridge.holding = [emptied, { ...emptied, code: 'storage_replaced', message: 'Another one.' }]
    render(App, { store })
    await store.start()
    ;(await screen.findAllByRole('button', { name: 'Hide' }))[0]!.focus()
    await userEvent.keyboard('{Enter}')
    expect(document.activeElement).toBe(hide())
    screen.getByText('Another one.')
  })

  test('goes by itself, and the focus with it', async () => {
    bridge.holding = [emptied]
    bridge.account = alice
    render(App, { store })
    await store.start()
    ;(await screen.findByRole('button', { name: 'Hide' })).focus()
    bridge.announce()
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 })))
  })

  test('stays when something has to be done first', async () => {
    bridge.holding = [unsaved]
    render(App, { store })
    await store.start()
    await screen.findByText(unsaved.message)
    expect(hide()).toBeNull()
    bridge.announce()
    await waitFor(() => expect(screen.queryByText(unsaved.message)).toBeNull())
  })
})

describe('when it can not be found out who is signed in', () => {
  const again = () => screen.findByRole('button', { name: 'Try again' })

  test('says why, and finds out when asked to', async () => {
    bridge.refusals = { whoami: storageBusy, accounts: storageBusy }
    render(App, { store })
    await store.start()
    const heading = await screen.findByRole('heading', { level: 1, name: 'The app could not start' })
    expect(document.activeElement).toBe(heading)
    expect(screen.queryByRole('textbox')).toBeNull()
    const said = screen.getByText(storageBusy.message)
    bridge.refusals = { whoami: { ...storageBusy }, accounts: storageBusy }
    await userEvent.click(await again())
    // The same sentence once more is news: it is a new element in the same alert.
    await waitFor(() => expect(said.isConnected).toBe(false))
    expect(screen.getByRole('alert').textContent).toBe(storageBusy.message)
    expect(document.activeElement).toBe(await again())
    bridge.refusals = {}
    await userEvent.click(await again())
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('textbox')))
  })

  test('offers nothing that can not help', async () => {
    const newer = { code: 'storage_newer', message: 'Install that version to go on.', retryable: false }
    bridge.refusals = { whoami: newer, accounts: newer }
    render(App, { store })
    await store.start()
    await screen.findByText(newer.message)
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull()
  })
})

describe('all is checked', () => {
  const checks = () => bridge.asked.filter((call) => call.startsWith('check')).length

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    bridge.account = alice
    render(App, { store })
    await store.start()
    await waitFor(() => expect(checks()).toBe(1))
    return () => vi.useRealTimers()
  })

  test('whenever the network comes back', async () => {
    window.dispatchEvent(new Event('online'))
    await waitFor(() => expect(checks()).toBe(2))
  })

  test.each([
    ['gets the focus', () => window.dispatchEvent(new Event('focus'))],
    ['can be seen', () => document.dispatchEvent(new Event('visibilitychange'))],
  ])('when the window %s again, and not twice in a minute', async (_, happen) => {
    happen()
    vi.advanceTimersByTime(60_000)
    happen()
    happen()
    await waitFor(() => expect(checks()).toBe(2))
  })

  test('not when the window disappears', async () => {
    vi.advanceTimersByTime(60_000)
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
    document.dispatchEvent(new Event('visibilitychange'))
    await tick()
    expect(checks()).toBe(1)
  })
})
