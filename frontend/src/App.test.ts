import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import App from './App.svelte'
import { MockBridge } from './bridge/mock'
import { alice, cancelled, signIn } from './bridge/samples'
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
