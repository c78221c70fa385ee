import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import App from '../App.svelte'
import { toFindings } from '../bridge/decode'
import { MockBridge } from '../bridge/mock'
import { alice, listenerFailed, locked, signIn, storageBusy, troubled, wellFound } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import { speak } from '../strings'

let bridge: MockBridge
let store: Store

beforeEach(() => {
  bridge = new MockBridge()
  bridge.account = alice
  store = new Store(bridge)
})

afterEach(async () => {
  await speak([])
  delete document.documentElement.dataset.theme
})

async function opened(settings = 'Settings'): Promise<void> {
  render(App, { store })
  await store.start()
  const button = await screen.findByRole('button', { name: settings })
  button.focus()
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(document.activeElement?.textContent).toBe(settings))
  await waitFor(() => expect(store.settings.findings).not.toBeNull())
}

const region = (name: string) => within(screen.getByRole('region', { name }))

test('a visit by keyboard: there, through everything, and back to where it began', async () => {
  await opened()
  expect(screen.queryByRole('button', { name: 'Settings' })).toBeNull()
  await userEvent.tab({ shift: true })
  expect(document.activeElement?.textContent).toBe('Back')
  const stops: (string | null | undefined)[] = []
  for (let i = 0; i < 7; i++) {
    await userEvent.tab()
    const at = document.activeElement
    stops.push(at instanceof HTMLInputElement ? at.value : at?.textContent?.trim())
  }
  expect(stops).toEqual(['system', 'Change the email provider', 'on', 'Ask another server', 'Check again', 'Copy diagnostics', 'What is in it'])
  await userEvent.keyboard('{Escape}')
  await waitFor(() => expect(document.activeElement?.textContent).toBe('Settings'))
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('alice.test')
  await userEvent.keyboard('{Enter}')
  await userEvent.click(await screen.findByRole('button', { name: 'Back' }))
  await waitFor(() => expect(document.activeElement?.textContent).toBe('Settings'))
})

test('a theme is chosen among three, with the arrow keys too', async () => {
  bridge.chosen = { ...bridge.chosen, theme: 'light' }
  await opened()
  const group = within(screen.getByRole('group', { name: 'Theme' }))
  expect(group.getAllByRole('radio').map((radio) => (radio as HTMLInputElement).checked)).toEqual([false, true, false])
  await userEvent.click(group.getByRole('radio', { name: 'Dark' }))
  expect(document.documentElement.dataset.theme).toBe('dark')
  expect(bridge.asked.at(-1)).toBe('setTheme dark')
  await userEvent.click(group.getByRole('radio', { name: 'Same as the system' }))
  expect(document.documentElement.dataset.theme).toBeUndefined()
})

test('a theme that was not remembered is said', async () => {
  bridge.refusals.setTheme = storageBusy
  await opened()
  await userEvent.click(screen.getByRole('radio', { name: 'Dark' }))
  expect((await screen.findByText(storageBusy.message)).getAttribute('role')).toBe('alert')
})

test('what is asked for stands in words', async () => {
  bridge.chosen = { ...bridge.chosen, scopes: ['atproto', 'transition:generic'] }
  await opened()
  region('Signing in').getByText('who you are')
  region('Signing in').getByText('your posts and everything else but direct messages')
})

test('the email provider is changed here, and the focus comes back', async () => {
  await opened()
  region('Signing in').getByText('certified.one')
  await userEvent.click(screen.getByRole('button', { name: 'Change the email provider' }))
  const box = screen.getByRole('textbox', { name: "Server's address" })
  expect(document.activeElement).toBe(box)
  await userEvent.keyboard('{Escape}')
  await waitFor(() => expect(document.activeElement?.textContent?.trim()).toBe('Change the email provider'))
  expect(store.settings.open).toBe(true)
  await userEvent.keyboard('{Enter}')
  await userEvent.type(screen.getByRole('textbox', { name: "Server's address" }), 'mail.example{Enter}')
  await region('Signing in').findByText('mail.example')
  await waitFor(() => expect(document.activeElement?.textContent?.trim()).toBe('Change the email provider'))
})

test('without an email provider one can be chosen', async () => {
  bridge.providers = { chosen: '', known: [] }
  await opened()
  region('Signing in').getByText('None chosen yet')
  screen.getByRole('button', { name: 'Choose an email provider' })
})

test('what keeps the keys and where data lies is told, and that all is well', async () => {
  await opened()
  const keys = region('Keys and data')
  expect(keys.getByRole('status').textContent).toBe('All is well')
  keys.getByText('GNOME Keyring (Secret Service)')
  keys.getByText('~/.local/share/latchkey')
  expect(keys.queryByText('127.0.0.1 can be used')).toBeNull()
  region('About').getByText('0.1.0')
})

test('a build that nobody signed says so, in the language of the window', async () => {
  await speak(['de'])
  bridge.found = toFindings([{ name: 'signature', title: 'Signature', value: 'none, because this is a development build', trouble: null }])
  await opened('Einstellungen')
  const [said, detail] = region('Über die App').getAllByText('keine, denn dies ist ein Entwicklungsstand')
  expect(said!.previousElementSibling?.textContent).toBe('Signatur')
  expect(detail!.closest('details')).not.toBeNull()
})

test('whatever is wrong is told, with what to do', async () => {
  bridge.found = troubled
  await opened()
  const keys = region('Keys and data')
  expect(keys.getByRole('status').textContent).toBe('2 things need you')
  keys.getByText(locked.message)
  keys.getByText(listenerFailed.message)
  bridge.found = wellFound
  const again = keys.getByRole('button', { name: 'Check again' })
  await userEvent.click(again)
  await waitFor(() => expect(keys.getByRole('status').textContent).toBe('All is well'))
  expect(document.activeElement).toBe(again)
})

test('until it is known nothing is claimed', async () => {
  bridge.diagnostics = () => new Promise(() => {})
  render(App, { store })
  await store.start()
  await userEvent.click(await screen.findByRole('button', { name: 'Settings' }))
  expect(region('Keys and data').getByRole('status').textContent).toBe('Checking whether all is well')
  expect(screen.queryByText('All is well')).toBeNull()
})

test('diagnostics are copied by Go, which is said', async () => {
  await opened()
  await userEvent.click(screen.getByRole('button', { name: 'Copy diagnostics' }))
  await region('About').findByText('Copied')
  expect(bridge.asked.at(-1)).toBe('copyDiagnostics')
})

test('a sign-in makes the settings go away for good', async () => {
  await opened()
  bridge.progress(signIn('waiting'))
  await waitFor(() => expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Go on in your browser'))
  expect(screen.queryByRole('button', { name: 'Settings' })).toBeNull()
  bridge.progress(signIn('done'))
  await waitFor(() => expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('alice.test'))
})

test('they are there when the app could not start', async () => {
  bridge.refusals = { whoami: storageBusy, accounts: storageBusy, settings: storageBusy }
  bridge.found = troubled
  bridge.account = null
  vi.spyOn(console, 'error').mockReturnValue()
  await opened()
  region('Keys and data').getByText(locked.message)
})
