import { fireEvent, render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { alice, alicePreview, suggestions } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import SignIn from './SignIn.svelte'

let bridge: MockBridge
let store: Store

const box = () => screen.getByRole<HTMLInputElement>('combobox', { name: 'Who are you?' })
const options = () => screen.queryAllByRole('option').map((option) => option.textContent?.replace(/\s+/g, ' ').trim())
const active = () => document.getElementById(box().getAttribute('aria-activedescendant') ?? '')
const expanded = () => box().getAttribute('aria-expanded')
const logins = () => bridge.asked.filter((call) => call.startsWith('login'))

beforeEach(async () => {
  bridge = new MockBridge()
  bridge.chosen = { ...bridge.chosen, suggestionHost: 'https://one.example' }
  bridge.everybody = suggestions
  bridge.previews['alicia.example.com'] = { ...alicePreview, handle: 'alicia.example.com', name: 'Alicia' }
  store = new Store(bridge)
  await store.start()
})

async function typed(text: string) {
  render(SignIn, { store })
  await userEvent.type(box(), text)
  await waitFor(() => expect(expanded()).toBe('true'))
}

test('while they are off the box is a plain one', async () => {
  await store.settings.suggestions.switchOff()
  render(SignIn, { store })
  expect(screen.getByRole('textbox', { name: 'Who are you?' }).hasAttribute('aria-expanded')).toBe(false)
  expect(screen.queryByRole('listbox', { hidden: true })).toBeNull()
})

test('the box says what it is, and that there is a list', async () => {
  render(SignIn, { store })
  expect(expanded()).toBe('false')
  expect(screen.queryByRole('listbox')).toBeNull()
  expect(document.getElementById(box().getAttribute('aria-controls')!)?.getAttribute('role')).toBe('listbox')
  await userEvent.type(box(), 'al')
  await waitFor(() => expect(expanded()).toBe('true'))
  screen.getByRole('listbox', { name: 'Accounts that may be meant' })
  expect(options()).toEqual(['A Alice Example alice.test', 'A alicia.example.com', `C ${suggestions[2]!.name} carol.example.com`])
  screen.getByText('3 accounts may be meant')
})

test('by keyboard: down to the second, Enter takes it, and the card comes as if it had been typed', async () => {
  await typed('al')
  expect(active()).toBeNull()
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  expect(active()?.textContent).toContain('alicia.example.com')
  expect(active()?.getAttribute('aria-selected')).toBe('true')
  expect(document.activeElement).toBe(box())
  await userEvent.keyboard('{Enter}')
  expect(box().value).toBe('alicia.example.com')
  expect([expanded(), logins()]).toEqual(['false', []])
  await screen.findByText('Alicia')
  await userEvent.keyboard('{Enter}')
  expect(logins()).toEqual(['login alicia.example.com'])
})

test('Enter without a choice signs in with what was typed', async () => {
  await typed('al')
  await userEvent.keyboard('{Enter}')
  expect(logins()).toEqual(['login al'])
  expect(expanded()).toBe('false')
})

test('Escape closes, and an arrow asks again', async () => {
  await typed('al')
  await userEvent.keyboard('{Escape}')
  expect([expanded(), box().value, options()]).toEqual(['false', 'al', []])
  await userEvent.keyboard('{ArrowDown}')
  await waitFor(() => expect(expanded()).toBe('true'))
})

test('by mouse, without taking the focus away', async () => {
  await typed('al')
  await userEvent.click(screen.getAllByRole('option')[0]!)
  expect(box().value).toBe('alice.test')
  expect(expanded()).toBe('false')
  expect(document.activeElement).toBe(box())
})

test('leaving the box closes', async () => {
  await typed('al')
  await userEvent.tab()
  expect(expanded()).toBe('false')
})

test('keys of a text that is still being composed are its own', async () => {
  await typed('al')
  await fireEvent.keyDown(box(), { key: 'ArrowDown', isComposing: true })
  expect(active()).toBeNull()
})

// hostile: 57
test('a script in a name is text', async () => {
  bridge.everybody = [{ did: alice.did, handle: 'alice.test', name: '<img src=x onerror=alert(1)>', avatar: '' }]
  await typed('al')
  screen.getByText('<img src=x onerror=alert(1)>')
  expect(document.querySelector('img')).toBeNull()
})
