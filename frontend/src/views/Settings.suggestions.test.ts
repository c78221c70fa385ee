import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import App from '../App.svelte'
import { MockBridge } from '../bridge/mock'
import { alice, notAServer, storageBusy } from '../bridge/samples'
import { Store } from '../state/store.svelte'

let bridge: MockBridge
let store: Store

const toggle = () => screen.getByRole<HTMLInputElement>('switch', { name: 'Suggest accounts while I type' })
const choices = () => bridge.asked.filter((call) => call.startsWith('chooseSuggestions'))
const says = (host: string) => screen.getByText(`While you type, ${host} is told what you type and answers with accounts.`)

beforeEach(() => {
  bridge = new MockBridge()
  bridge.account = alice
  store = new Store(bridge)
})

async function opened() {
  await store.start()
  store.settings.show()
  render(App, { store })
}

test('they are off, and it is said whom they would ask', async () => {
  await opened()
  expect(toggle().checked).toBe(false)
  expect(document.getElementById(toggle().getAttribute('aria-describedby')!)).toBe(says('public.api.bsky.app'))
  expect(choices()).toEqual([])
})

test('the switch goes on and off', async () => {
  await opened()
  await userEvent.click(toggle())
  expect([toggle().checked, store.suggestions.on]).toEqual([true, true])
  await userEvent.click(toggle())
  expect([toggle().checked, store.suggestions.on]).toEqual([false, false])
  expect(choices()).toEqual(['chooseSuggestions https://public.api.bsky.app', 'chooseSuggestions '])
})

test('a choice that was not remembered is said, and the switch tells the truth', async () => {
  bridge.refusals.chooseSuggestions = storageBusy
  await opened()
  await userEvent.click(toggle())
  await screen.findByText(storageBusy.message)
  expect(toggle().checked).toBe(false)
})

test('another server is chosen, which switches them on', async () => {
  await opened()
  await userEvent.click(screen.getByRole('button', { name: 'Ask another server' }))
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'Whom to ask' })))
  bridge.refusals.chooseSuggestions = notAServer
  await userEvent.keyboard('nobody{Enter}')
  await screen.findByText(notAServer.message)
  bridge.refusals = {}
  await userEvent.clear(screen.getByRole('textbox', { name: 'Whom to ask' }))
  await userEvent.keyboard('find.example.com{Enter}')
  await waitFor(() => says('find.example.com'))
  expect(toggle().checked).toBe(true)
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Ask another server' })))
})

test('Escape leaves it as it is, and the settings open', async () => {
  await opened()
  await userEvent.click(screen.getByRole('button', { name: 'Ask another server' }))
  await userEvent.keyboard('find.example.com{Escape}')
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Ask another server' })))
  expect([store.settings.open, choices()]).toEqual([true, []])
})

test('with nobody offered, whom to ask comes first', async () => {
  bridge.chosen = { ...bridge.chosen, suggestionsOffered: '' }
  await opened()
  screen.getByText('Nobody is chosen yet who could be asked.')
  await userEvent.click(toggle())
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'Whom to ask' })))
  expect(toggle().checked).toBe(false)
})
