import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { tick } from 'svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SignIn } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, cancelled, notFound, signIn, signInByEmail } from '../bridge/samples'
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

test('shows whom the card in front of the browser showed, with the picture', async () => {
  const avatar = `/avatar/${alice.did}?bafy`
  bridge.account = { ...alice, name: '<b>Alice</b>', avatar }
  await show(signIn('waiting'))
  const card = screen.getByRole('group', { name: 'Who signs in' })
  expect([...card.querySelectorAll('p')].map((line) => line.textContent)).toEqual(['<b>Alice</b>', 'alice.test', 'localhost:2583'])
  expect(card.querySelector('img')?.getAttribute('src')).toBe(avatar)
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

describe('by email', () => {
  const buttons = () => screen.getAllByRole('button').map((button) => button.textContent?.trim())

  /** As far as `attempt`, from an email typed in the box. */
  async function showByEmail(attempt: SignIn) {
    await store.start()
    store.text = 'alice@example.org'
    void store.signIn()
    await vi.waitFor(() => expect(store.email).toBe('alice@example.org'))
    bridge.progress(attempt)
    return render(Waiting, { store, attempt })
  }

  test('asking: names the provider, and can only be cancelled', async () => {
    await showByEmail(signInByEmail('resolving', { server: '' }))
    expect(heading().textContent).toBe('Asking certified.one')
    screen.getByText('alice@example.org')
    expect(buttons()).toEqual(['Cancel'])
  })

  test('a code by mail: says who mails it where, and what to do when none comes', async () => {
    await showByEmail(signInByEmail('waiting'))
    expect(heading().textContent).toBe('Check your mail')
    screen.getByText(/^certified\.one mails a code to alice@example\.org\. Type it on the page in your browser/)
    screen.getByText('No code? Look in your spam folder too.')
    expect(buttons()).toEqual(['Open the browser again', 'Copy the link', 'Try again', 'Use another email', 'Other ways', 'Cancel'])
  })

  test('a server that mails no code: says where to type the email', async () => {
    await showByEmail(signInByEmail('waiting', { codeByEmail: false, server: 'pds.example.com' }))
    expect(heading().textContent).toBe('Go on in your browser')
    screen.getByText(/^Type your email on the page of pds\.example\.com\. No code is on its way/)
    expect(getComputedStyle(screen.getByText(/spam/)).visibility).toBe('hidden')
    expect(buttons()).toContain('Try again')
  })

  test('without a browser the link comes first, and then the code', async () => {
    await showByEmail(signInByEmail('waiting', { browserOpened: false }))
    expect(heading().textContent).toBe('Go on in your browser')
    screen.getByText(/Open this link by hand.* the code is mailed once its page is open/)
    screen.getByText(signInByEmail('waiting').url)
  })

  test('picked up after a restart it names the server, without a name, an email or a text', async () => {
    await show(signInByEmail('waiting', { codeByEmail: false }))
    expect(heading().textContent).toBe('Go on in your browser')
    screen.getByText('Approve the sign-in on certified.one, then come back. This window notices by itself.')
    expect(screen.getAllByText('certified.one')).toHaveLength(1)
    expect(buttons()).toEqual(['Open the browser again', 'Copy the link', 'Other ways', 'Cancel'])
  })

  test('the last step is as by handle', async () => {
    await showByEmail(signInByEmail('exchanging'))
    expect(heading().textContent).toBe('Almost there')
    expect(buttons()).toEqual(['Cancel'])
  })

  test('trying again asks for a fresh code', async () => {
    await showByEmail(signInByEmail('waiting'))
    await press('Try again')
    expect(bridge.asked).toContain('cancel')
    bridge.fail(cancelled)
    await waitFor(() =>
      expect(bridge.asked.filter((call) => call === 'loginWithEmail alice@example.org')).toHaveLength(2),
    )
  })

  test.each([
    ['Use another email', 'alice@example.org'],
    ['Cancel', ''],
  ])('%s: ends it, and leaves %j in the box', async (name, text) => {
    await showByEmail(signInByEmail('waiting'))
    await press(name)
    expect(bridge.asked.at(-1)).toBe('cancel')
    bridge.fail(cancelled)
    await waitFor(() => expect([store.view, store.text]).toEqual(['sign-in', text]))
  })

  test('after a reload the email is forgotten, and only what still works is offered', async () => {
    await show(signInByEmail('waiting'))
    expect(heading().textContent).toBe('Check your mail')
    screen.getByText(/^certified\.one mails a code to you\./)
    expect(buttons()).toEqual(['Open the browser again', 'Copy the link', 'Other ways', 'Cancel'])
  })

  test('by handle there is no word of it', async () => {
    await show(signIn('waiting'))
    expect(buttons()).toEqual(['Open the browser again', 'Copy the link', 'Other ways', 'Cancel'])
  })
})

test('what comes from outside is text', async () => {
  const markup = '<img src=x onerror=alert(1)>'
  await show(signIn('waiting', { handle: markup, server: `${markup}!`, url: markup, browserOpened: false }))
  expect(document.querySelector('img')).toBeNull()
  expect(screen.getAllByText(markup)).toHaveLength(2)
  screen.getByText(`${markup}!`)
})
