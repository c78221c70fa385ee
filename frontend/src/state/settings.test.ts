import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { storageBusy, troubled, wellFound } from '../bridge/samples'
import { Settings } from './settings.svelte'

let bridge: MockBridge
let settings: Settings
const worn = () => document.documentElement.dataset.theme

beforeEach(() => {
  bridge = new MockBridge()
  settings = new Settings(bridge)
})

afterEach(() => {
  delete document.documentElement.dataset.theme
})

test('the theme that is remembered is worn', async () => {
  bridge.chosen = { ...bridge.chosen, theme: 'dark', scopes: ['atproto'] }
  await settings.load()
  expect([worn(), settings.theme, settings.scopes]).toEqual(['dark', 'dark', ['atproto']])
})

test('without an answer the window looks as the system does', async () => {
  bridge.refusals.settings = storageBusy
  await settings.load()
  expect([worn(), settings.theme, settings.problem]).toEqual([undefined, 'system', null])
})

test('a theme is worn at once and remembered afterwards', async () => {
  const saving = settings.setTheme('light')
  expect(worn()).toBe('light')
  await saving
  expect(bridge.chosen.theme).toBe('light')
  await settings.setTheme('system')
  expect(worn()).toBeUndefined()
  expect(bridge.asked).toEqual(['setTheme light', 'setTheme system'])
})

test('a theme that can not be remembered stays, and it is said why', async () => {
  bridge.refusals.setTheme = storageBusy
  await settings.setTheme('dark')
  expect([worn(), settings.problem]).toEqual(['dark', storageBusy])
  bridge.refusals = {}
  await settings.setTheme('light')
  expect(settings.problem).toBeNull()
})

test('an old answer does not take back a choice', async () => {
  bridge.chosen = { ...bridge.chosen, theme: 'dark', scopes: [] }
  const loading = settings.load()
  const choosing = settings.setTheme('light')
  await Promise.all([loading, choosing])
  expect(worn()).toBe('light')
})

test('each look finds out anew, and the last one counts', async () => {
  settings.show()
  expect([settings.open, settings.findings]).toEqual([true, null])
  await vi.waitFor(() => expect(settings.findings).toEqual(wellFound))
  expect(settings.troubles).toEqual([])
  let late: (found: typeof wellFound) => void = () => {}
  bridge.diagnostics = () => new Promise((resolve) => (late = resolve))
  const first = settings.look()
  bridge.diagnostics = async () => troubled
  await settings.look()
  late(wellFound)
  await first
  expect(settings.findings).toEqual(troubled)
  expect(settings.troubles.map(({ name }) => name)).toEqual(['keys', 'listener'])
})

test('a look that fails says why', async () => {
  bridge.refusals.diagnostics = storageBusy
  await settings.look()
  expect([settings.findings, settings.problem]).toEqual([[], storageBusy])
  settings.close()
  expect(settings.problem).toBeNull()
})

test('copying says whether it worked', async () => {
  expect(await settings.copy()).toBe(true)
  bridge.refusals.copyDiagnostics = storageBusy
  expect(await settings.copy()).toBe(false)
  expect(settings.problem).toEqual(storageBusy)
})
