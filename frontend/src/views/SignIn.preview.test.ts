import { fireEvent, render, screen, within } from '@testing-library/svelte'
import { beforeEach, expect, test, vi } from 'vitest'
import type { Preview } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, alicePreview, lookAlike, mismatch, notFound, serverPreview } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import SignIn from './SignIn.svelte'

let bridge: MockBridge
let store: Store

const box = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
const card = () => screen.queryByRole('group', { name: 'Who signs in' })
const line = () => screen.getByRole('status').querySelector('p')!.textContent
const picture = () => document.querySelector('img')

async function type(text: string, wait = 350) {
  await fireEvent.input(box(), { target: { value: text } })
  await vi.advanceTimersByTimeAsync(wait)
}

async function show(text: string, preview: Preview) {
  bridge.previews[text] = preview
  await type(text)
}

beforeEach(async () => {
  vi.useFakeTimers()
  bridge = new MockBridge()
  bridge.named = { ...bridge.named, scopes: ['atproto', 'account:email'] }
  store = new Store(bridge)
  await store.start()
  render(SignIn, { store })
  return () => vi.useRealTimers()
})

test('says at once what is understood, and then who and where', async () => {
  expect(line()).toBe('You approve in your own browser. No password is typed here.')
  await type('alice.test', 0)
  expect(line()).toBe('A handle')
  bridge.previews['alice.test'] = alicePreview
  await vi.advanceTimersByTimeAsync(350)
  expect(line()).toBe('A handle on localhost:2583')
  expect([...card()!.querySelectorAll('p')].map((p) => p.textContent)).toEqual(['Alice Example', 'alice.test', 'localhost:2583'])
  expect(screen.getByRole('status').contains(card())).toBe(true)
  expect(picture()?.getAttribute('src')).toBe(alicePreview.avatar)
  expect(document.getElementById(box().getAttribute('aria-describedby')!)?.textContent).toBe('A handle on localhost:2583')
})

test('typing on takes the card away', async () => {
  await show('alice.test', alicePreview)
  await type('alice.teste', 0)
  expect(card()).toBeNull()
  expect(line()).toBe('A handle')
})

test('without a name the handle is the title, without a handle the DID', async () => {
  await show('alice.test', { ...alicePreview, name: '', avatar: '' })
  expect([...card()!.querySelectorAll('p')].map((p) => p.textContent)).toEqual(['alice.test', 'localhost:2583'])
  expect(picture()).toBeNull()
  await show(alice.did, { ...alicePreview, kind: 'did', handle: '', name: '' })
  expect(line()).toBe('The DID of an account on localhost:2583')
  expect([...card()!.querySelectorAll('p')].map((p) => p.textContent)).toEqual([alice.did, 'localhost:2583'])
})

test('a picture that does not load leaves the letter', async () => {
  await show('alice.test', alicePreview)
  await fireEvent.error(picture()!)
  expect(picture()).toBeNull()
  expect(within(card()!).getByText('A')).toBeTruthy()
})

// hostile: 28
test.each([mismatch, lookAlike])('a warning comes with the DID', async (preview) => {
  await show('alice.test', preview)
  within(card()!).getByText(preview.warnings[0]!.message)
  within(card()!).getByText(alice.did)
})

// hostile: 57
test('a script in a name is text', async () => {
  const name = '<img src=x onerror=alert(1)><script>alert(1)</script>'
  await show('alice.test', { ...alicePreview, name, avatar: '', warnings: [{ code: 'x', message: '<b>bold</b>' }] })
  within(card()!).getByText(name)
  within(card()!).getByText('<b>bold</b>')
  expect(document.querySelector('img, script, b')).toBeNull()
})

test('a server is one', async () => {
  await show('pds.example.com', serverPreview)
  expect(line()).toBe('A server that you can sign in on')
  within(card()!).getByText('pds.example.com')
})

test('an email goes through its provider, and shows no other card', async () => {
  await show('alice@example.org', { ...serverPreview, kind: 'email', server: 'certified.one' })
  expect(line()).toBe('An email, through certified.one')
  expect(card()).toBeNull()
  await type('bob@example.org', 5000) // the mock knows nobody of that name
  expect(line()).toBe('An email, through certified.one')
})

test('that there is nobody is said quietly, and late', async () => {
  await type('alice.tset', 1000)
  expect(line()).toBe('A handle')
  await vi.advanceTimersByTimeAsync(1000)
  expect(line()).toMatch(/^There is no account with this handle/)
  expect(box().classList.contains('wrong')).toBe(false)
  expect(screen.getByRole('alert').textContent).toBe('')
})

test('says what the app will see before the browser does', async () => {
  const will = () => screen.queryByText(/^Latchkey will see/)?.textContent
  expect(will()).toBeUndefined()
  await type('alice.test', 0)
  expect(will()).toBe('Latchkey will see: who you are and your email address.')
})

test('a sign-in begins without waiting for the card, which it does not ask for any more', async () => {
  await type('alice.test', 100)
  await fireEvent.submit(box().form!)
  await vi.advanceTimersByTimeAsync(5000)
  expect(bridge.asked).toContain('login alice.test')
  expect(bridge.asked).not.toContain('preview alice.test')
  bridge.previews['alice.test'] = alicePreview
  bridge.fail(notFound)
  await vi.advanceTimersByTimeAsync(350)
  expect(card()).not.toBeNull()
})

test('a sign-in that failed is what is said', async () => {
  bridge.refusals.login = notFound
  await show('alice.test', alicePreview)
  await fireEvent.submit(box().form!)
  await vi.advanceTimersByTimeAsync(0)
  expect(screen.getByRole('alert').textContent).toBe(notFound.message)
  expect(line()).toBe('')
})
