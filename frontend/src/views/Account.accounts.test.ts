import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Account as AccountType } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, aliceNeedsSignIn, bob, carol, locked } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import Account from './Account.svelte'

const carolNeedsSignIn: AccountType = { ...carol, status: 'needs_sign_in', reason: aliceNeedsSignIn.reason }

let bridge: MockBridge
let store: Store

const heading = () => screen.getByRole('heading', { level: 1 })
const button = (name: string) => screen.getByRole('button', { name })
const noButton = (name: string | RegExp) => expect(screen.queryByRole('button', { name })).toBeNull()

async function show(...others: AccountType[]) {
  bridge.account = alice
  bridge.others = others
  await store.start()
  return render(Account, { store, account: alice })
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})

describe('the others', () => {
  test('are listed without who is shown, each with its server and whether it needs a sign-in', async () => {
    await show(bob, carolNeedsSignIn, { ...bob, did: 'did:plc:nameless', handle: '' })
    const list = within(screen.getByRole('region', { name: 'Other accounts' }))
    expect(list.getAllByRole('listitem')).toHaveLength(3)
    const about = (name: string) => document.getElementById(button(name).getAttribute('aria-describedby')!)?.textContent
    expect(about('Switch to bob.test')).toContain('localhost:2584')
    expect(about('Switch to bob.test')).not.toContain('Sign-in needed')
    expect(about('Switch to carol.example.com')).toMatch(/pds\.example\.com\s+Sign-in needed/)
    button('Switch to did:plc:nameless')
    noButton('Switch to alice.test')
  })

  test('can be reached and chosen by keyboard', async () => {
    await show(bob)
    for (const before of ['Renew', 'Copy']) {
      await userEvent.tab()
      expect(document.activeElement).toBe(button(before))
    }
    await userEvent.tab()
    await userEvent.tab()
    expect(document.activeElement).toBe(button('Switch to bob.test'))
    await userEvent.keyboard('{Enter}')
    await waitFor(() => expect(store.account).toEqual(bob))
  })

  test('can not be chosen while something is under way', async () => {
    bridge.logout = () => new Promise(() => {})
    await show(bob)
    await userEvent.click(button('Sign out'))
    for (const name of ['Switch to bob.test', 'Add an account', 'Sign out', 'Sign out of all']) {
      expect(button(name).getAttribute('aria-disabled')).toBe('true')
      await userEvent.click(button(name))
    }
    expect([store.view, store.account]).toEqual(['account', alice])
    expect(bridge.asked.filter((call) => call.startsWith('switchTo'))).toEqual([])
    noButton('Yes, sign out of all')
  })

  test('with none there is only the way to one', async () => {
    await show()
    expect(screen.queryByRole('heading', { level: 2 })).toBeNull()
    expect(screen.queryByRole('list')).toBeNull()
    noButton('Sign out of all')
    await userEvent.click(button('Add an account'))
    expect(store.view).toBe('sign-in')
  })

  test('that go away while they have the focus leave it to the heading', async () => {
    await show(bob)
    button('Switch to bob.test').focus()
    bridge.tell('removed', bob)
    await waitFor(() => expect(document.activeElement).toBe(heading()))
  })

  test('that come and go leave the focus where it is', async () => {
    await show(bob)
    button('Copy').focus()
    bridge.tell('removed', bob)
    bridge.tell('added', carol)
    await screen.findByRole('button', { name: 'Switch to carol.example.com' })
    expect(document.activeElement).toBe(button('Copy'))
  })
})

describe('signing out of all', () => {
  const ask = () => userEvent.click(button('Sign out of all'))

  test('asks once, with the focus where nothing happens', async () => {
    await show(bob)
    await ask()
    screen.getByRole('group', { name: 'Sign out of all 2 accounts on this computer?' })
    expect(document.activeElement).toBe(button('No, stay signed in'))
    noButton('Sign out')
    expect(bridge.asked).not.toContain('logoutAll')
    await userEvent.click(button('Yes, sign out of all'))
    await waitFor(() => expect(store.view).toBe('sign-in'))
    expect(bridge.asked).toContain('logoutAll')
  })

  test.each([
    ['the button', () => userEvent.click(button('No, stay signed in'))],
    ['Escape', () => userEvent.keyboard('{Escape}')],
  ])('is not done when left by %s', async (_, leave) => {
    await show(bob)
    await ask()
    await leave()
    expect(document.activeElement).toBe(button('Sign out of all'))
    button('Sign out')
    expect(bridge.asked).not.toContain('logoutAll')
  })

  test('can be pressed again when it did not work', async () => {
    bridge.refusals.logoutAll = locked
    await show(bob)
    await ask()
    await userEvent.click(button('Yes, sign out of all'))
    await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(locked.message))
    expect(button('Yes, sign out of all').getAttribute('aria-disabled')).toBe('false')
    bridge.refusals = {}
    await userEvent.click(button('Yes, sign out of all'))
    await waitFor(() => expect(store.view).toBe('sign-in'))
  })

  test('is not asked any more when only one is left', async () => {
    await show(bob)
    await ask()
    bridge.tell('removed', bob)
    await waitFor(() => expect(document.activeElement).toBe(heading()))
    noButton(/sign out of all/i)
    bridge.tell('added', carol)
    await screen.findByRole('button', { name: 'Sign out of all' })
    noButton('Yes, sign out of all')
  })
})

test('what comes from outside is text', async () => {
  const markup = '<img src=x onerror=alert(1)>'
  await show({ ...carolNeedsSignIn, handle: markup, server: `${markup}!` })
  button(`Switch to ${markup}`)
  screen.getByText(`${markup}!`)
  expect(document.querySelector('img')).toBeNull()
})
