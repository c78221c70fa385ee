import { beforeEach, expect, test, vi } from 'vitest'
import { alice, signIn } from './samples'
import { wailsBridge } from './wails'

const go = {
  Login: vi.fn(),
  LoginWithEmail: vi.fn(),
  AccountForEmail: vi.fn(),
  EmailProviders: vi.fn(),
  ChooseEmailProvider: vi.fn(),
  Cancel: vi.fn(),
  Whoami: vi.fn(),
  Logout: vi.fn(),
  Attempt: vi.fn(),
  OpenBrowser: vi.fn(),
  CopyLink: vi.fn(),
  Product: vi.fn(),
}
const runtime = { EventsOnMultiple: vi.fn(), ClipboardSetText: vi.fn() }

beforeEach(() => {
  vi.resetAllMocks()
  Object.assign(window, { go: { app: { App: go } }, runtime })
})

test('every method reaches its namesake', async () => {
  for (const method of [go.Login, go.LoginWithEmail, go.AccountForEmail, go.Whoami]) method.mockResolvedValue(alice)
  go.Attempt.mockResolvedValue(signIn('waiting'))
  go.EmailProviders.mockResolvedValue({ chosen: '', known: ['https://one.example'] })
  go.ChooseEmailProvider.mockResolvedValue('https://two.example')
  go.Product.mockResolvedValue({ name: 'Latchkey', version: '1' })
  expect(await wailsBridge.login('alice.test')).toEqual(alice)
  expect(await wailsBridge.loginWithEmail('a@b')).toEqual(alice)
  expect(await wailsBridge.accountForEmail('a@b')).toEqual(alice)
  expect(await wailsBridge.emailProviders()).toEqual({ chosen: '', known: ['https://one.example'] })
  expect(await wailsBridge.chooseEmailProvider('two.example')).toBe('https://two.example')
  expect(await wailsBridge.whoami()).toEqual(alice)
  expect(await wailsBridge.attempt()).toMatchObject({ id: 'attempt-1', phase: 'waiting' })
  expect(await wailsBridge.product()).toEqual({ name: 'Latchkey', version: '1' })
  await wailsBridge.cancel()
  await wailsBridge.logout()
  await wailsBridge.openBrowser()
  await wailsBridge.copyLink()
  expect(go.Login).toHaveBeenCalledWith('alice.test')
  expect(go.LoginWithEmail).toHaveBeenCalledWith('a@b')
  expect(go.AccountForEmail).toHaveBeenCalledWith('a@b')
  expect(go.ChooseEmailProvider).toHaveBeenCalledWith('two.example')
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
  go.Whoami.mockResolvedValue({})
  await expect(wailsBridge.whoami()).rejects.toThrow()
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
  wailsBridge.onSignIn(onSignIn)
  wailsBridge.onAccount(onAccount)
  const emit = (name: string, payload: unknown) => {
    for (const [heard, callback] of runtime.EventsOnMultiple.mock.calls) if (heard === name) callback(payload)
  }
  emit('sign-in', signIn('waiting'))
  emit('sign-in', { id: '1', phase: 'odd' })
  emit('account', { kind: 'added', account: alice })
  emit('account', { kind: 'odd', account: alice })
  expect(onSignIn).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ phase: 'waiting' }))
  expect(onAccount).toHaveBeenCalledExactlyOnceWith({ kind: 'added', account: alice })
})
