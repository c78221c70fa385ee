import { expect, test, vi } from 'vitest'
import { toAccount, toAccountEvent, toEmailProviders, toFailure, toProduct, toSignIn } from './decode'
import { alice, notFound, signIn } from './samples'

test('what is whole arrives unchanged', () => {
  expect(toAccount(alice)).toEqual(alice)
  expect(toSignIn(signIn('failed', { error: notFound }))).toMatchObject({ phase: 'failed', error: notFound })
  expect(toSignIn(signIn('done', { codeByEmail: true, otherEmail: true }))).toMatchObject({
    codeByEmail: true,
    otherEmail: true,
  })
  const providers = { chosen: 'https://one.example', known: ['https://one.example', 'https://two.example'] }
  expect(toEmailProviders(providers)).toEqual(providers)
  expect(toAccountEvent({ kind: 'added', account: alice })).toEqual({ kind: 'added', account: alice })
  expect(toFailure(notFound)).toEqual(notFound)
  expect(toProduct({ name: 'Latchkey', version: '1' })).toEqual({ name: 'Latchkey', version: '1' })
})

test('a failure inside the Error that Wails makes is found', () => {
  expect(toFailure(new Error(JSON.stringify(notFound)))).toEqual(notFound)
})

test('an empty Go slice, which is null, is an empty list', () => {
  expect(toAccount({ ...alice, scopes: null })?.scopes).toEqual([])
  expect(toEmailProviders({ chosen: '', known: null })).toEqual({ chosen: '', known: [] })
})

test('an attempt without an error has none', () => {
  expect(toSignIn({ id: '1', phase: 'resolving' })).toMatchObject({ error: null, url: '', browserOpened: false })
})

test('what an attempt does not say about an email is not so', () => {
  expect(toSignIn({ id: '1', phase: 'done' })).toMatchObject({ codeByEmail: false, otherEmail: false })
  expect(toSignIn({ id: '1', phase: 'done', codeByEmail: 'yes', otherEmail: 1 })).toMatchObject({
    codeByEmail: false,
    otherEmail: false,
  })
})

test('without providers none is chosen', () => {
  expect(toEmailProviders(undefined)).toEqual({ chosen: '', known: [] })
})

test('a status nobody knows asks for a sign-in', () => {
  expect(toAccount({ ...alice, status: 'odd' })?.status).toBe('needs_sign_in')
})

test.each([null, undefined, 7, 'x', {}, { kind: 'odd', account: alice }, { kind: 'added' }, { id: '1', phase: 'odd' }])(
  'nonsense is nothing: %j',
  (value) => {
    expect(toAccount(value)).toBeNull()
    expect(toSignIn(value)).toBeNull()
    expect(toAccountEvent(value)).toBeNull()
  },
)

test.each([undefined, 'pq: secret detail', new Error('stack'), new Error('null'), { code: 'x' }])(
  'what is no failure of ours becomes a sentence: %s',
  (reason) => {
    const log = vi.spyOn(console, 'error').mockReturnValue()
    expect(toFailure(reason)).toMatchObject({ code: 'internal', message: expect.stringContaining('Something went wrong') })
    expect(log).toHaveBeenCalledWith(reason)
  },
)
