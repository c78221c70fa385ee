import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { alice, notFound } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import SignIn from './SignIn.svelte'

let bridge: MockBridge
let store: Store

const box = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Who are you?' })
const button = () => screen.getByRole('button', { name: 'Continue' })
const logins = () => bridge.asked.filter((call) => call.startsWith('login'))

beforeEach(async () => {
  bridge = new MockBridge()
  store = new Store(bridge)
  await store.start()
})

test('asks one question, in a box that is ready to type in', () => {
  render(SignIn, { store })
  expect(screen.getByRole('heading', { level: 1, name: 'Sign in' })).toBeTruthy()
  expect(document.activeElement).toBe(box())
  expect(box().getAttribute('autocapitalize')).toBe('off')
  expect(box().getAttribute('spellcheck')).toBe('false')
  expect(document.getElementById(box().getAttribute('aria-describedby')!)?.textContent).toBe(
    'You approve in your own browser. No password is typed here.',
  )
})

test('Enter signs in', async () => {
  render(SignIn, { store })
  await userEvent.type(box(), 'alice.test{Enter}')
  expect(logins()).toEqual(['login alice.test'])
})

test('the button signs in, once', async () => {
  render(SignIn, { store })
  await userEvent.type(box(), 'alice.test')
  expect(button().getAttribute('aria-disabled')).toBe('false')
  await userEvent.click(button())
  expect(button().getAttribute('aria-disabled')).toBe('true')
  expect(box().readOnly).toBe(true)
  await userEvent.click(button())
  expect(logins()).toEqual(['login alice.test'])
})

test('an empty box gets the focus back instead of a sign-in', async () => {
  render(SignIn, { store })
  expect(button().getAttribute('aria-disabled')).toBe('true')
  await userEvent.tab()
  expect(document.activeElement).toBe(button())
  await userEvent.keyboard('{Enter}')
  expect(document.activeElement).toBe(box())
  expect(logins()).toEqual([])
})

test('a failure is announced, tied to the box, and leaves the text selected', async () => {
  bridge.refusals.login = notFound
  render(SignIn, { store })
  expect(screen.getByRole('alert').textContent).toBe('')
  await userEvent.type(box(), 'alice.tset{Enter}')
  await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(notFound.message))
  expect(box().getAttribute('aria-describedby')).toBe(screen.getByRole('alert').id)
  expect(box().value).toBe('alice.tset')
  await waitFor(() => expect([box().selectionStart, box().selectionEnd]).toEqual([0, 'alice.tset'.length]))
  expect(document.activeElement).toBe(box())
})

test('coming back with text, the text is selected', () => {
  store.text = alice.handle
  render(SignIn, { store })
  expect([box().selectionStart, box().selectionEnd]).toEqual([0, alice.handle.length])
})
