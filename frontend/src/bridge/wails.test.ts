import { beforeEach, expect, test, vi } from 'vitest'
import { alice, alicePreview, bob, emptied, signIn, suggestions, used, wellFound } from './samples'
import { wailsBridge } from './wails'

const go = {
  Preview: vi.fn(),
  CancelPreview: vi.fn(),
  Suggest: vi.fn(),
  ChooseSuggestions: vi.fn(),
  Recent: vi.fn(),
  Forget: vi.fn(),
  Login: vi.fn(),
  LoginWithEmail: vi.fn(),
  AccountForEmail: vi.fn(),
  EmailProviders: vi.fn(),
  ChooseEmailProvider: vi.fn(),
  Cancel: vi.fn(),
  Whoami: vi.fn(),
  Accounts: vi.fn(),
  Switch: vi.fn(),
  Renew: vi.fn(),
  Raise: vi.fn(),
  Logout: vi.fn(),
  LogoutAll: vi.fn(),
  Check: vi.fn(),
  Notices: vi.fn(),
  Attempt: vi.fn(),
  OpenBrowser: vi.fn(),
  CopyLink: vi.fn(),
  Browsers: vi.fn(),
  OpenIn: vi.fn(),
  CopyAddress: vi.fn(),
  PasteAddress: vi.fn(),
  Product: vi.fn(),
  Settings: vi.fn(),
  SetTheme: vi.fn(),
  Diagnostics: vi.fn(),
  CopyDiagnostics: vi.fn(),
}
const runtime = { EventsOnMultiple: vi.fn(), ClipboardSetText: vi.fn() }

beforeEach(() => {
  vi.resetAllMocks()
  Object.assign(window, { go: { app: { App: go } }, runtime })
})

test('every method reaches its namesake', async () => {
  const answering = [go.Login, go.LoginWithEmail, go.AccountForEmail, go.Whoami, go.Switch, go.Renew, go.Raise]
  for (const method of answering) method.mockResolvedValue(alice)
  go.Accounts.mockResolvedValue([alice, bob])
  go.Notices.mockResolvedValue([emptied])
  go.Attempt.mockResolvedValue(signIn('waiting'))
  go.EmailProviders.mockResolvedValue({ chosen: '', known: ['https://one.example'] })
  go.ChooseEmailProvider.mockResolvedValue('https://two.example')
  go.Settings.mockResolvedValue({ theme: 'dark', scopes: null })
  go.Diagnostics.mockResolvedValue(wellFound)
  go.Product.mockResolvedValue({ name: 'Latchkey', version: '1', scopes: ['atproto'] })
  go.Preview.mockResolvedValue(alicePreview)
  expect(await wailsBridge.login('alice.test')).toEqual(alice)
  expect(await wailsBridge.loginWithEmail('a@b')).toEqual(alice)
  expect(await wailsBridge.accountForEmail('a@b')).toEqual(alice)
  expect(await wailsBridge.emailProviders()).toEqual({ chosen: '', known: ['https://one.example'] })
  expect(await wailsBridge.chooseEmailProvider('two.example')).toBe('https://two.example')
  expect(await wailsBridge.whoami()).toEqual(alice)
  expect(await wailsBridge.attempt()).toMatchObject({ id: 'attempt-1', phase: 'waiting' })
  expect(await wailsBridge.settings()).toEqual({ theme: 'dark', scopes: [], suggestionHost: '', suggestionsOffered: '' })
  expect(await wailsBridge.diagnostics()).toEqual(wellFound)
  await wailsBridge.setTheme('light')
  await wailsBridge.copyDiagnostics()
  expect(await wailsBridge.product()).toEqual({ name: 'Latchkey', version: '1', scopes: ['atproto'] })
  expect(await wailsBridge.preview('alice.test')).toEqual(alicePreview)
  await wailsBridge.cancelPreview()
  await wailsBridge.cancel()
  expect(await wailsBridge.accounts()).toEqual([alice, bob])
  expect(await wailsBridge.switchTo(alice.did)).toEqual(alice)
  expect(await wailsBridge.renew(bob.did)).toEqual(alice)
  expect(await wailsBridge.raise(['account:email'])).toEqual(alice)
  expect(await wailsBridge.notices()).toEqual([emptied])
  await wailsBridge.check()
  await wailsBridge.logout()
  await wailsBridge.logoutAll()
  await wailsBridge.openBrowser()
  await wailsBridge.copyLink()
  expect(go.Preview).toHaveBeenCalledWith('alice.test')
  go.Browsers.mockResolvedValue([{ id: 'a', name: 'A' }, { id: 'a', name: 'twice' }, { id: 'b' }, null])
  expect(await wailsBridge.browsers()).toEqual([{ id: 'a', name: 'A' }])
  await wailsBridge.openIn('a')
  await wailsBridge.copyAddress()
  await wailsBridge.pasteAddress('http://127.0.0.1:1/callback')
  go.Suggest.mockResolvedValue(suggestions)
  expect(await wailsBridge.suggest('al')).toEqual(suggestions)
  go.ChooseSuggestions.mockResolvedValue('https://two.example')
  expect(await wailsBridge.chooseSuggestions('two.example')).toBe('https://two.example')
  go.Recent.mockResolvedValue([used(alice)])
  expect(await wailsBridge.recent()).toEqual([used(alice)])
  await wailsBridge.forget(bob.did)
  expect(go.Suggest).toHaveBeenCalledWith('al')
  expect(go.ChooseSuggestions).toHaveBeenCalledWith('two.example')
  expect(go.Forget).toHaveBeenCalledWith(bob.did)
  expect(go.Login).toHaveBeenCalledWith('alice.test')
  expect(go.LoginWithEmail).toHaveBeenCalledWith('a@b')
  expect(go.AccountForEmail).toHaveBeenCalledWith('a@b')
  expect(go.ChooseEmailProvider).toHaveBeenCalledWith('two.example')
  expect(go.Switch).toHaveBeenCalledWith(alice.did)
  expect(go.Renew).toHaveBeenCalledWith(bob.did)
  expect(go.SetTheme).toHaveBeenCalledWith('light')
  expect(go.Raise).toHaveBeenCalledWith(['account:email'])
  expect(go.OpenIn).toHaveBeenCalledWith('a')
  expect(go.PasteAddress).toHaveBeenCalledWith('http://127.0.0.1:1/callback')
  for (const method of Object.values(go)) expect(method).toHaveBeenCalledOnce()
})

test('no attempt is null', async () => {
  go.Attempt.mockResolvedValue(null)
  expect(await wailsBridge.attempt()).toBeNull()
})

test('nobody with that email is null', async () => {
  go.AccountForEmail.mockResolvedValue(null)
  expect(await wailsBridge.accountForEmail('a@b')).toBeNull()
})

test('an account without an identity is refused', async () => {
  for (const method of [go.Whoami, go.Switch, go.Renew, go.Raise]) method.mockResolvedValue({})
  await expect(wailsBridge.whoami()).rejects.toThrow()
  await expect(wailsBridge.switchTo('did:plc:x')).rejects.toThrow()
  await expect(wailsBridge.renew('did:plc:x')).rejects.toThrow()
  await expect(wailsBridge.raise([])).rejects.toThrow()
})

test('a preview of no kind is refused', async () => {
  go.Preview.mockResolvedValue({ ...alicePreview, kind: 'odd' })
  await expect(wailsBridge.preview('alice.test')).rejects.toThrow()
})

test('a clipboard that takes nothing is an error', async () => {
  runtime.ClipboardSetText.mockResolvedValueOnce(true).mockResolvedValueOnce(false)
  await wailsBridge.copyText('did:plc:x')
  await expect(wailsBridge.copyText('did:plc:x')).rejects.toThrow()
  expect(runtime.ClipboardSetText).toHaveBeenCalledWith('did:plc:x')
})

test('events are heard, and nonsense is not', () => {
  const onSignIn = vi.fn()
  const onAccount = vi.fn()
  const onNotices = vi.fn()
  wailsBridge.onSignIn(onSignIn)
  wailsBridge.onAccount(onAccount)
  wailsBridge.onNotices(onNotices)
  const emit = (name: string, payload: unknown) => {
    for (const [heard, callback] of runtime.EventsOnMultiple.mock.calls) if (heard === name) callback(payload)
  }
  emit('sign-in', signIn('waiting'))
  emit('sign-in', { id: '1', phase: 'odd' })
  emit('account', { kind: 'added', account: alice })
  emit('account', { kind: 'odd', account: alice })
  emit('notices', [emptied, { code: 'odd' }])
  expect(onSignIn).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ phase: 'waiting' }))
  expect(onAccount).toHaveBeenCalledExactlyOnceWith({ kind: 'added', account: alice })
  expect(onNotices).toHaveBeenCalledExactlyOnceWith([emptied])
})
