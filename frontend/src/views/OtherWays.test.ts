import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import type { SignIn } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { notFound, notTheAddress, signIn } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import Waiting from './Waiting.svelte'

let bridge: MockBridge
let store: Store

const address = 'http://127.0.0.1:41925/callback?state=x&code=y'
const toggle = () => screen.getByRole('button', { name: 'Other ways' })
const box = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Address of the page you ended on' })
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

test('they are out of the way until asked for', async () => {
  await show(signIn('waiting'))
  expect(toggle().getAttribute('aria-expanded')).toBe('false')
  expect(screen.queryByRole('textbox')).toBeNull()
  expect(bridge.asked).not.toContain('browsers')
  await userEvent.click(toggle())
  expect(toggle().getAttribute('aria-expanded')).toBe('true')
  expect(document.getElementById(toggle().getAttribute('aria-controls') ?? '')?.contains(box())).toBe(true)
  await userEvent.click(toggle())
  expect(screen.queryByRole('textbox')).toBeNull()
})

test('another browser is opened by its id', async () => {
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  const list = await screen.findByRole('region', { name: 'Use another browser' })
  expect(within(list).getAllByRole('button').map((button) => button.textContent)).toEqual(['Chromium', 'Firefox'])
  await press('Open in Firefox')
  expect(bridge.asked.at(-1)).toBe('openIn firefox.desktop')
})

test('a browser that does not open is said', async () => {
  bridge.refusals = { openIn: notFound }
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  await userEvent.click(await screen.findByRole('button', { name: 'Open in Firefox' }))
  await waitFor(() => expect(screen.getAllByRole('alert')[0]?.textContent).toBe(notFound.message))
})

test('without any browser the other ways are left', async () => {
  bridge.refusals = { browsers: notFound }
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  expect(screen.queryByRole('region', { name: 'Use another browser' })).toBeNull()
  await press('Copy a link for another computer')
  expect(bridge.asked.at(-1)).toBe('copyAddress')
  expect(box().value).toBe('')
})

test('what comes from outside is text', async () => {
  bridge.installed = [{ id: 'x', name: '<img src=x onerror=alert(1)>' }]
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  await screen.findByText('<img src=x onerror=alert(1)>')
  expect(document.querySelector('img')).toBeNull()
})

test('a wrong address is said beside it, keeps the focus, and can be typed over', async () => {
  bridge.refusals = { pasteAddress: notTheAddress }
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  await userEvent.type(box(), 'nonsense{Enter}')
  const problem = await screen.findByText(notTheAddress.message)
  expect(problem.getAttribute('role')).toBe('alert')
  expect(box().getAttribute('aria-describedby')).toBe(problem.id)
  expect(box().getAttribute('aria-invalid')).toBe('true')
  await waitFor(() => expect([box().selectionStart, box().selectionEnd]).toEqual([0, 8]))
  expect(document.activeElement).toBe(box())

  bridge.refusals = {}
  await userEvent.clear(box())
  await userEvent.type(box(), ` ${address} `)
  await press('Go on with this address')
  expect(bridge.asked.at(-1)).toBe(`pasteAddress ${address}`)
  await waitFor(() => expect(box().value).toBe(''))
  expect(screen.queryByText(notTheAddress.message)).toBeNull()
  expect(box().getAttribute('aria-invalid')).toBe('false')
})

test('nothing is sent of an empty box', async () => {
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  await press('Go on with this address')
  expect(document.activeElement).toBe(box())
  expect(bridge.asked.some((call) => call.startsWith('pasteAddress'))).toBe(false)
})

test('what was said is gone when the ways are opened again', async () => {
  bridge.refusals = { pasteAddress: notTheAddress }
  await show(signIn('waiting'))
  await userEvent.click(toggle())
  await userEvent.type(box(), 'nonsense{Enter}')
  await screen.findByText(notTheAddress.message)
  await userEvent.click(toggle())
  await userEvent.click(toggle())
  expect(screen.queryByText(notTheAddress.message)).toBeNull()
})

test('from another computer the link and the box come first', async () => {
  const attempt = signIn('waiting', { browserOpened: false, remote: true })
  const { rerender } = await show(attempt)
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Open the link in your own browser')
  expect(screen.queryByText(attempt.url)).toBeNull() // it leads nowhere there
  expect(screen.getAllByRole('button').map((button) => button.textContent?.trim())).toEqual([
    'Copy the link',
    'Go on with this address',
    'Other ways',
    'Cancel',
  ])
  await press('Copy the link')
  expect(bridge.asked.at(-1)).toBe('copyAddress')
  await userEvent.type(box(), `${address}{Enter}`)
  expect(bridge.asked.at(-1)).toBe(`pasteAddress ${address}`)
  await userEvent.click(toggle())
  expect(screen.getAllByRole('textbox')).toHaveLength(1)
  await press('The usual one')
  expect(bridge.asked.at(-1)).toBe('openBrowser')

  await rerender({ store, attempt: { ...attempt, browserOpened: true } })
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Go on in your browser')
})

test('by email it says when the code comes', async () => {
  await show(signIn('waiting', { browserOpened: false, remote: true, codeByEmail: true }))
  screen.getByText(/the code is mailed then/)
})
