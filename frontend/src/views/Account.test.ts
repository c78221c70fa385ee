import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { tick } from 'svelte'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account as AccountType } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, aliceMoved, aliceNeedsSignIn, notFound, signIn, signInByEmail } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import Account from './Account.svelte'

let bridge: MockBridge
let store: Store

const heading = () => screen.getByRole('heading', { level: 1 })
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }))

async function show(account: AccountType) {
  bridge.account = account
  await store.start()
  return render(Account, { store, account })
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})

test('says who is signed in, where, and what may be seen', async () => {
  await show(alice)
  expect(heading().textContent).toBe('alice.test')
  expect(document.activeElement).toBe(heading())
  screen.getByText('Signed in')
  const values = (term: string) =>
    [...screen.getByText(term).parentElement!.querySelectorAll('dd')].map((value) => value.textContent?.trim())
  expect(values('Identity')[0]).toContain(alice.did)
  expect(values('Server')).toEqual(['localhost:2583'])
  expect(values('May see').slice(0, 2)).toEqual(['who you are', 'your email address'])
  expect(screen.queryByRole('button', { name: 'Sign in again' })).toBeNull()
})

test('the technical names of what may be seen are a click away', async () => {
  await show(alice)
  const details = screen.getByText('Technical names').closest('details')!
  expect(details.open).toBe(false)
  expect([...details.querySelectorAll('p')].map((scope) => scope.textContent)).toEqual(alice.scopes)
})

describe('what may not be seen', () => {
  const raise = () => screen.queryByRole('button', { name: 'Let it see more' })

  test('is named, and asked for by one press', async () => {
    bridge.named = { ...bridge.named, scopes: ['atproto', 'account:email', 'transition:generic'] }
    await show({ ...alice, scopes: ['atproto', 'transition:email'] })
    const row = screen.getByText('May not see').parentElement!
    expect(row.textContent).toContain('your posts and everything else but direct messages')
    expect(row.textContent).not.toContain('your email address')
    await userEvent.click(raise()!)
    expect(bridge.asked).toContain('raise transition:generic')
    expect(raise()!.getAttribute('aria-disabled')).toBe('true')
  })

  test.each([
    ['nothing is missing', {}],
    ['a sign-in is needed first', aliceNeedsSignIn],
  ])('is not spoken of when %s', async (_, changes) => {
    bridge.named = { ...bridge.named, scopes: ['atproto', 'account:email'] }
    await show({ ...alice, ...changes })
    expect(raise()).toBeNull()
    expect(screen.queryByText('May not see')).toBeNull()
  })

  test('may stay so: whoever says no keeps the account, and is told why', async () => {
    const denied = { code: 'denied', message: 'The sign-in was not approved.', retryable: true }
    bridge.named = { ...bridge.named, scopes: ['atproto', 'account:email'] }
    await show({ ...alice, scopes: ['atproto'] })
    await userEvent.click(raise()!)
    bridge.progress(signIn('waiting'))
    expect(store.view).toBe('waiting')
    bridge.progress(signIn('failed', { error: denied }))
    bridge.fail(denied)
    await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(denied.message))
    expect([store.view, store.account?.scopes]).toEqual(['account', ['atproto']])
    expect(raise()!.getAttribute('aria-disabled')).toBe('false')
  })
})

test('without a handle the identity is the heading', async () => {
  await show({ ...alice, handle: '' })
  expect(heading().textContent).toBe(alice.did)
})

test('copies the identity', async () => {
  await show(alice)
  await press('Copy')
  expect(bridge.asked).toContain(`copyText ${alice.did}`)
  await screen.findByText('Copied')
})

test('signs out', async () => {
  await show(alice)
  await press('Sign out')
  expect(bridge.asked).toContain(`logout ${alice.did}`)
})

test('says why signing out failed', async () => {
  bridge.refusals.logout = notFound
  await show(alice)
  await press('Sign out')
  await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(notFound.message))
  const button = screen.getByRole('button', { name: 'Sign out' })
  expect(button.getAttribute('aria-disabled')).toBe('false')
  bridge.refusals = {}
  await userEvent.click(button)
  await waitFor(() => expect(store.account).toBeNull())
})

test('says why a new sign-in is needed and offers it', async () => {
  await show(aliceNeedsSignIn)
  screen.getByText('Sign-in needed')
  screen.getByText(aliceNeedsSignIn.reason)
  expect(document.getElementById(heading().getAttribute('aria-describedby')!)?.textContent).toBe(aliceNeedsSignIn.reason)
  expect(screen.queryByText('May see')).toBeNull()
  await press('Sign in again')
  expect(bridge.asked).toContain(`renew ${alice.did}`)
})

test('an account that moved is signed in on its new server', async () => {
  await show(aliceMoved)
  screen.getByText('Your account has moved to localhost:2584. Sign in there to go on.')
  expect(screen.queryByRole('button', { name: 'Sign in again' })).toBeNull()
  await press('Sign in on localhost:2584')
  expect(bridge.asked).toContain(`renew ${alice.did}`)
})

test('an account that needs a sign-in can be removed instead', async () => {
  await show(aliceNeedsSignIn)
  expect(screen.queryByRole('button', { name: 'Sign out' })).toBeNull()
  await press('Remove')
  expect(bridge.asked).toContain(`logout ${alice.did}`)
})

describe('an account of another email than was typed', () => {
  const done = signInByEmail('done', { did: alice.did, otherEmail: true })
  const notice = 'This account belongs to another email than you typed. It is alice.test.'

  test('says so, also to whoever hears the heading', async () => {
    await show(alice)
    bridge.progress(done)
    await screen.findByText(notice)
    expect(document.getElementById(heading().getAttribute('aria-describedby')!)?.textContent).toBe(notice)
  })

  test('without a handle is named by its DID', async () => {
    await show({ ...alice, handle: '' })
    bridge.progress(done)
    await screen.findByText(new RegExp(`It is ${alice.did}\\.$`))
  })

  test('can be kept', async () => {
    await show(alice)
    bridge.progress(done)
    await screen.findByText(notice)
    await press('Keep it')
    expect(screen.queryByText(notice)).toBeNull()
    expect(screen.queryByRole('button', { name: 'Keep it' })).toBeNull()
    expect(document.activeElement).toBe(heading())
    screen.getByRole('button', { name: 'Sign out' })
    expect(bridge.asked).not.toContain(`logout ${alice.did}`)
  })

  test('can be signed out, by one button', async () => {
    await show(alice)
    bridge.progress(done)
    await screen.findByText(notice)
    await press('Sign out')
    expect(bridge.asked).toContain(`logout ${alice.did}`)
  })

  test('is not spoken of otherwise', async () => {
    await show(alice)
    bridge.progress({ ...done, did: 'did:plc:bob' })
    bridge.progress({ ...done, otherEmail: false })
    await tick()
    expect(screen.queryByRole('button', { name: 'Keep it' })).toBeNull()
    expect(heading().getAttribute('aria-describedby')).toBeNull()
  })
})

test('what comes from outside is text', async () => {
  const markup = '<img src=x onerror=alert(1)>'
  await show({ ...aliceNeedsSignIn, handle: markup, server: markup, reason: markup, scopes: [markup] })
  expect(document.querySelector('img')).toBeNull()
  expect(screen.getAllByText(markup)).toHaveLength(5)
})

// hostile: 57
test('shows what the account calls itself, as text, beside the handle', async () => {
  await show({ ...alice, name: '<b>Alice</b>', avatar: `/avatar/${alice.did}?bafy` })
  expect(heading().textContent?.trim()).toBe('<b>Alice</b>')
  screen.getByText('alice.test')
  expect(document.querySelector('b')).toBeNull()
  expect(document.querySelector('img')?.getAttribute('src')).toBe(`/avatar/${alice.did}?bafy`)
})
