import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { tick } from 'svelte'
import { beforeEach, expect, test } from 'vitest'
import App from './App.svelte'
import { MockBridge } from './bridge/mock'
import { alice, cancelled, signIn, signInByEmail } from './bridge/samples'
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
  bridge.named = { name: 'Another Name', version: '2.0.0' }
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
