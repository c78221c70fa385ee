import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { tick } from 'svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SignIn } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { notFound, signIn } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import Waiting from './Waiting.svelte'

let bridge: MockBridge
let store: Store

const heading = () => screen.getByRole('heading', { level: 1 })
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }))

async function show(attempt: SignIn) {
  bridge.current = attempt
  await store.start()
  return render(Waiting, { store, attempt })
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})
afterEach(() => {
  vi.useRealTimers()
})

test('looking up: says whom, and can be cancelled', async () => {
  await show(signIn('resolving'))
  expect(heading().textContent).toBe('Looking up alice.test')
  expect(document.activeElement).toBe(heading())
  expect(screen.getAllByRole('button').map((button) => button.textContent?.trim())).toEqual(['Cancel'])
})

test('looking up a name not known yet: says what was typed', async () => {
  store.text = ' pds.example.com '
  await show(signIn('resolving', { handle: '' }))
  expect(heading().textContent).toBe('Looking up pds.example.com')
})

test('waiting: names the server and offers the ways to the browser', async () => {
  await show(signIn('waiting'))
  expect(heading().textContent).toBe('Go on in your browser')
  screen.getByText('Approve the sign-in on localhost:2583, then come back. This window notices by itself.')
  await press('Open the browser again')
  await press('Copy the link')
  await press('Cancel')
  expect(bridge.asked.slice(-3)).toEqual(['openBrowser', 'copyLink', 'cancel'])
})

test('the link is shown only when no browser could be opened', async () => {
  const attempt = signIn('waiting')
  const { rerender } = await show(attempt)
  expect(screen.queryByText(attempt.url)).toBeNull()
  await rerender({ store, attempt: { ...attempt, browserOpened: false } })
  screen.getByText(attempt.url)
  screen.getByText(/No browser could be opened\. Open this link by hand/)
})

test('a change of phase is announced', async () => {
  const { rerender } = await show(signIn('resolving'))
  const status = screen.getByRole('status')
  expect(status.textContent).toContain('Looking up')
  await rerender({ store, attempt: signIn('waiting') })
  expect(status.isConnected).toBe(true)
  expect(status.textContent).toContain('Go on in your browser')
  await rerender({ store, attempt: signIn('exchanging') })
  expect(status.textContent).toContain('Almost there')
})

test('the focus survives the button that had it', async () => {
  const { rerender } = await show(signIn('waiting'))
  screen.getByRole('button', { name: 'Copy the link' }).focus()
  await rerender({ store, attempt: signIn('exchanging') })
  expect(document.activeElement).toBe(heading())
})

test('counts down to the deadline, not below, and not without one', async () => {
  vi.useFakeTimers({ now: Date.parse('2030-01-01T00:00:00Z') })
  const { rerender } = await show(signIn('waiting', { deadline: '2030-01-01T00:01:05Z' }))
  screen.getByText('1:05 left')
  await vi.advanceTimersByTimeAsync(1000)
  screen.getByText('1:04 left')
  await vi.advanceTimersByTimeAsync(120_000)
  screen.getByText('0:00 left')
  await rerender({ store, attempt: signIn('waiting', { deadline: '' }) })
  expect(screen.queryByText(/left/)).toBeNull()
})

test('copying is confirmed for a moment, and the button keeps its name', async () => {
  vi.useFakeTimers()
  await show(signIn('waiting'))
  const button = screen.getByRole('button', { name: 'Copy the link' })
  button.click()
  await vi.advanceTimersByTimeAsync(0)
  expect(screen.getByText('Copied').getAttribute('role')).toBe('status')
  screen.getByRole('button', { name: 'Copy the link' })
  await vi.advanceTimersByTimeAsync(2000)
  expect(screen.queryByText('Copied')).toBeNull()
})

test('what cannot be done is said, and not confirmed', async () => {
  bridge.refusals = { copyLink: notFound }
  await show(signIn('waiting'))
  await press('Copy the link')
  await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(notFound.message))
  await tick()
  expect(screen.queryByText('Copied')).toBeNull()
})

test('an older failure is not shown beside a new attempt', async () => {
  bridge.refusals = { login: notFound }
  await show(signIn('failed'))
  await store.signIn('alice.tset')
  expect(store.failure).toEqual(notFound)
  expect(screen.getByRole('alert').textContent).toBe('')
})

test('what comes from outside is text', async () => {
  const markup = '<img src=x onerror=alert(1)>'
  await show(signIn('waiting', { handle: markup, server: `${markup}!`, url: markup, browserOpened: false }))
  expect(document.querySelector('img')).toBeNull()
  expect(screen.getAllByText(markup)).toHaveLength(2)
  screen.getByText(`${markup}!`)
})
