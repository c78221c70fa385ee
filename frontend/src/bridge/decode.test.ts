import { afterEach, describe, expect, test, vi } from 'vitest'
import { speak } from '../strings'
import { de } from '../strings/de'
import {
  toAccount,
  toAccountEvent,
  toAccounts,
  toEmailProviders,
  toFailure,
  toFindings,
  toNotices,
  toPreview,
  toProduct,
  toSettings,
  toSignIn,
  toSuggestions,
  toUsedAccounts,
} from './decode'
import {
  alice,
  aliceMoved,
  alicePreview,
  bob,
  emptied,
  hours,
  lookAlike,
  notFound,
  serverPreview,
  signIn,
  troubled,
  unsaved,
  wellFound,
} from './samples'

test('what is whole arrives unchanged', () => {
  expect(toAccount(alice)).toEqual(alice)
  expect(toAccounts([alice, bob, aliceMoved.did])).toEqual([alice, bob])
  expect(toAccount(aliceMoved)).toEqual(aliceMoved)
  const lasting = { ...alice, endsSoon: true, inMemory: true, offline: true, sessionEnds: hours(1) }
  expect(toAccount(lasting)).toEqual(lasting)
  expect(toNotices([emptied, unsaved])).toEqual([emptied, unsaved])
  expect(toSignIn(signIn('failed', { error: notFound }))).toMatchObject({ phase: 'failed', error: notFound })
  expect(toSignIn(signIn('done', { codeByEmail: true, otherEmail: true }))).toMatchObject({
    codeByEmail: true,
    otherEmail: true,
  })
  const providers = { chosen: 'https://one.example', known: ['https://one.example', 'https://two.example'] }
  expect(toEmailProviders(providers)).toEqual(providers)
  expect(toAccountEvent({ kind: 'added', account: alice })).toEqual({ kind: 'added', account: alice })
  expect(toFailure(notFound)).toEqual(notFound)
  expect(toFindings(wellFound)).toEqual(wellFound)
  expect(toFindings(troubled)).toEqual(troubled)
  const settings = { theme: 'dark', scopes: ['atproto'], suggestionHost: 'https://one.example', suggestionsOffered: 'https://two.example' }
  expect(toSettings(settings)).toEqual(settings)
  const product = { name: 'Latchkey', version: '1', scopes: ['atproto'] }
  expect(toProduct(product)).toEqual(product)
  for (const preview of [alicePreview, lookAlike, serverPreview]) expect(toPreview(preview)).toEqual(preview)
  const named = { ...alice, name: 'Alice', avatar: alicePreview.avatar }
  expect(toAccount(named)).toEqual(named)
})

test('a theme that nobody knows is no choice', () => {
  for (const value of [null, {}, { theme: 'odd', scopes: null }, { theme: 7 }]) {
    expect(toSettings(value)).toEqual({ theme: 'system', scopes: [], suggestionHost: '', suggestionsOffered: '' })
  }
})

test('of findings only what has a name is left, and a trouble is never lost', () => {
  vi.spyOn(console, 'error').mockReturnValue()
  const [keys] = wellFound
  expect(toFindings(null)).toEqual([])
  expect(toFindings([7, {}, { name: 'x' }, { title: 'X' }, keys, keys])).toEqual([keys])
  expect(toFindings([{ name: 'x', title: 'X', trouble: 'odd' }])).toMatchObject([{ value: '', trouble: { code: 'internal' } }])
})

test('a failure inside the Error that Wails makes is found', () => {
  expect(toFailure(new Error(JSON.stringify(notFound)))).toEqual(notFound)
})

test('an empty Go slice, which is null, is an empty list', () => {
  expect(toAccount({ ...alice, scopes: null })?.scopes).toEqual([])
  expect(toEmailProviders({ chosen: '', known: null })).toEqual({ chosen: '', known: [] })
  expect([toAccounts(null), toNotices(null)]).toEqual([[], []])
  expect([toProduct({}).scopes, toPreview({ kind: 'did', warnings: null })?.warnings]).toEqual([[], []])
})

test('of lists only what can be read is left, each once', () => {
  expect(toAccounts([null, {}, alice, { ...alice, handle: 'other' }, 'x', bob])).toEqual([alice, bob])
  expect(toNotices([emptied, { code: 'x' }, { message: 'x' }, { ...emptied, message: 'Twice.' }, 7])).toEqual([emptied])
})

test('what an account does not say about its sign-in is not so', () => {
  const bare = { did: alice.did, status: 'active' }
  const nothing = { signedIn: '', renewed: '', sessionEnds: '', endsSoon: false, inMemory: false, offline: false, reasonCode: '' }
  expect(toAccount(bare)).toMatchObject(nothing)
  const odd = { signedIn: 'soon', renewed: 7, sessionEnds: {}, endsSoon: 'yes', inMemory: 1, offline: 'true', reasonCode: null }
  expect(toAccount({ ...bare, ...odd })).toMatchObject(nothing)
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
    expect(toPreview(value)).toBeNull()
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

describe('in another language', () => {
  afterEach(() => speak([]))

  test('what went wrong is said in its words, wherever it stands', async () => {
    await speak(['de'])
    const sent = { code: 'handle_looks_alike', message: 'This handle only looks like bob.test.', subject: 'bob.test', retryable: true }
    const said = expect.stringContaining('sieht nur aus wie bob.test.')
    expect(toFailure(sent)).toEqual({ code: sent.code, message: said, retryable: true })
    expect(toFailure(new Error(JSON.stringify(sent))).message).toEqual(said)
    expect(toNotices([sent])).toEqual([{ code: sent.code, message: said }])
    expect(toPreview({ kind: 'handle', warnings: [sent] })?.warnings).toEqual([{ code: sent.code, message: said }])
    expect(toSignIn({ id: '1', phase: 'failed', error: sent })?.error?.message).toEqual(said)
    expect(toFindings([{ name: 'keys', title: 'Keys', trouble: sent }])).toMatchObject([{ title: 'Schlüssel', trouble: { message: said } }])
    const moved = { did: alice.did, reason: 'It moved.', reasonCode: 'account_moved', reasonSubject: 'new.example' }
    expect(toAccount(moved)?.reason).toContain('zu new.example umgezogen.')
  })

  test('a sentence can do without its subject', async () => {
    await speak(['de'])
    expect(toFailure({ code: 'account_moved', message: 'It moved.' }).message).toContain('zu einem anderen Server umgezogen.')
    expect(toFailure({ code: 'scope_invalid', message: 'Odd.', subject: '' }).message).toContain('Eine der verlangten')
  })

  test.each(['brand_new', 'constructor'])('what it has no words for stays as Go says it: %s', async (code) => {
    await speak(['de'])
    expect(toFailure({ code, message: 'New.' }).message).toBe('New.')
    expect(toFindings([{ name: code, title: 'New' }])).toMatchObject([{ title: 'New' }])
  })

  test.each([
    ['whole, version 2, 40 KB', 'unversehrt, Version 2, 40 KB'],
    ["can't be read, 40 KB", 'nicht lesbar, 40 KB'],
    ['a file under a passphrase, ~/keys, none.vault', 'eine Datei unter einer Passphrase, ~/keys, none.vault'],
    [
      '2 signed in (1 until the program is closed), 1 to sign in again (session_rejected)',
      '2 angemeldet (1, bis das Programm geschlossen wird), 1 wieder anzumelden (session_rejected)',
    ],
    ['Wayland, GNOME', 'Wayland, GNOME'],
    ['~/.local/share/latchkey', '~/.local/share/latchkey'],
    ['127x0.0.1 can be used', '127x0.0.1 can be used'],
    ['', ''],
  ])('words among the diagnostics are put into it, data is not: %s', async (value, said) => {
    await speak(['de'])
    expect(toFindings([{ name: 'x', title: 'X', value }])).toMatchObject([{ value: said }])
    await speak(['en'])
    expect(toFindings([{ name: 'x', title: 'X', value }])).toMatchObject([{ value }])
  })

  test('a sign-in without a failure gets none', async () => {
    await speak(['de'])
    expect(toAccount({ did: alice.did, status: 'active', reason: '', reasonCode: '' })?.reason).toBe('')
  })

  test('a defect is one there, too', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    await speak(['de'])
    expect(toFailure(7).message).toBe(de.unexpected)
  })
})

// hostile: 57
test.each([
  'https://evil.example/x.png',
  '//evil.example/x.png',
  'javascript:alert(1)',
  'data:image/svg+xml,<svg onload=alert(1)>',
  '/avatar/../index.html?x',
  '/avatar/did:plc:x/../../x?y',
  '/avatar/did:plc:x',
  '/avatar/did:plc:x?y#z',
  ' /avatar/did:plc:x?y',
  7,
  null,
])('a picture is loaded from nowhere else: %j', (avatar) => {
  expect(toPreview({ ...alicePreview, avatar })?.avatar).toBe('')
  expect(toAccount({ ...alice, avatar })?.avatar).toBe('')
})

test('suggestions are accounts with a handle, each once, and their pictures have a path of their own', () => {
  const whole = { did: alice.did, handle: 'alice.test', name: 'Alice', avatar: `/suggested/${alice.did}` }
  const others = [null, 7, {}, { did: alice.did }, { handle: 'alice.test' }, { ...whole, name: 'twice' }]
  expect(toSuggestions([whole, ...others])).toEqual([whole])
  expect(toSuggestions(null)).toEqual([])
  for (const avatar of ['https://example.com/x.png', 'data:image/png,x', '/suggested/../x', `${whole.avatar}?x`, alicePreview.avatar, 7]) {
    expect(toSuggestions([{ ...whole, avatar }])).toEqual([{ ...whole, avatar: '' }])
  }
})

test('accounts used before have a DID, each once', () => {
  const one = { did: alice.did, handle: '', server: 'pds.example.com' }
  expect(toUsedAccounts([one, { ...one, server: 'twice' }, { handle: 'bob.test' }, null])).toEqual([one])
  expect(toUsedAccounts({})).toEqual([])
})
