import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Account as AccountType } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, aliceNeedsSignIn, locked } from '../bridge/samples'
import { ago, day, dayAndTime } from '../state/ending'
import { Store } from '../state/store.svelte'
import Account from './Account.svelte'

const now = Date.parse('2030-11-22T12:00:00Z')
const end = '2030-12-06T14:05:00Z'
const soon = Date.parse('2030-12-05T00:00:00Z')

let bridge: MockBridge
let store: Store

const heading = () => screen.getByRole('heading', { level: 1 })
const description = () =>
  (heading().getAttribute('aria-describedby') ?? '')
    .split(' ')
    .map((id) => document.getElementById(id)?.textContent?.trim())
    .join(' ')
const saying = (text: string) => screen.getByText((_, element) => element?.tagName === 'P' && element.textContent?.trim() === text)
const notSaying = (text: RegExp) => expect(screen.queryByText((_, element) => element?.tagName === 'P' && text.test(element.textContent ?? ''))).toBeNull()

async function show(changes: Partial<AccountType>, at = now) {
  vi.useFakeTimers({ now: at, toFake: ['Date', 'setInterval', 'clearInterval'] })
  const account = { ...alice, sessionEnds: end, ...changes }
  bridge.account = account
  await store.start()
  return render(Account, { store, account })
}

beforeEach(() => {
  bridge = new MockBridge()
  store = new Store(bridge)
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the end of a sign-in', () => {
  test('is said quietly while it is far away', async () => {
    await show({})
    const line = saying(`Signed in until ${day(end, now)}`)
    expect(line.querySelector('time')?.getAttribute('datetime')).toBe(end)
    expect(heading().getAttribute('aria-describedby')).toBeNull()
    screen.getByText('Signed in')
  })

  test('can be put off long before', async () => {
    await show({})
    await userEvent.click(screen.getByRole('button', { name: 'Renew' }))
    expect(bridge.asked).toContain(`renew ${alice.did}`)
    expect(screen.getByRole('button', { name: 'Renew' }).getAttribute('aria-disabled')).toBe('true')
  })

  test.each([
    [now, 0],
    [now + (Date.parse(end) - now) / 4, 0.25],
    [Date.parse(end) + 1, 1],
  ])('comes closer in a bar, at %d: %d', async (at, share) => {
    const { container } = await show({ signedIn: '2030-11-22T12:00:00Z' }, at)
    const bar = container.querySelector('progress')!
    expect([bar.value, bar.getAttribute('aria-hidden')]).toEqual([share, 'true'])
  })

  test.each([{ signedIn: '' }, { sessionEnds: '' }, { inMemory: true }, aliceNeedsSignIn])('has no bar with %j', async (changes) => {
    const { container } = await show({ signedIn: '2030-11-22T12:00:00Z', ...changes })
    expect(container.querySelector('progress')).toBeNull()
  })

  test('is warned of when Go says so, also to whoever hears the heading', async () => {
    await show({ endsSoon: true })
    const warning = `This sign-in ends on ${dayAndTime(end, now)}. Renew it now, and nothing is interrupted.`
    expect(saying(warning).querySelector('time')?.getAttribute('datetime')).toBe(end)
    expect(description()).toBe(warning)
    screen.getByText('Ends soon')
    await userEvent.click(screen.getByRole('button', { name: 'Renew' }))
    expect(bridge.asked).toContain(`renew ${alice.did}`)
    expect(screen.getByRole('button', { name: 'Renew' }).getAttribute('aria-disabled')).toBe('true')
  })

  test('is warned of by the clock of a window that stays open, and after it as well', async () => {
    await show({})
    vi.setSystemTime(soon)
    vi.advanceTimersByTime(60_000)
    await screen.findByText('Ends soon')
    saying(`This sign-in ends on ${dayAndTime(end, soon)}. Renew it now, and nothing is interrupted.`)
    vi.setSystemTime(Date.parse(end))
    vi.advanceTimersByTime(60_000)
    await waitFor(() =>
      saying(
        `This sign-in should have ended on ${dayAndTime(end, soon)}. It still works, but may stop at any moment. Renew it now, and nothing is interrupted.`,
      ),
    )
    notSaying(/^Signed in until/)
    screen.getByRole('button', { name: 'Renew' })
  })

  test('is not spoken of without one', async () => {
    await show({ sessionEnds: '' })
    notSaying(/until|ends on/)
  })

  test('is not spoken of when a sign-in is needed anyway', async () => {
    await show({ ...aliceNeedsSignIn, sessionEnds: end, endsSoon: true, inMemory: true, offline: true }, soon)
    notSaying(/until|ends|reached/)
    screen.getByText('Sign-in needed')
    expect(screen.queryByRole('button', { name: 'Renew' })).toBeNull()
  })

  test('says why renewing did not work, and can be renewed again', async () => {
    bridge.refusals.renew = locked
    await show({ endsSoon: true })
    await userEvent.click(screen.getByRole('button', { name: 'Renew' }))
    await waitFor(() => expect(screen.getByRole('alert').textContent).toBe(locked.message))
    expect(screen.getByRole('button', { name: 'Renew' }).getAttribute('aria-disabled')).toBe('false')
  })

  test('leaves the focus to the heading when the warning goes', async () => {
    const { rerender } = await show({ endsSoon: true })
    screen.getByRole('button', { name: 'Renew' }).focus()
    await rerender({ store, account: { ...alice, sessionEnds: end } })
    await waitFor(() => expect(document.activeElement).toBe(heading()))
  })
})

describe('without the server', () => {
  const sentence = "alice.test's server can't be reached right now. Everything goes on by itself once it can."

  test('it says so, and takes it back', async () => {
    const { rerender } = await show({})
    const pill = screen.getByText('Signed in')
    const detail = document.getElementById('offline')!
    expect([pill.getAttribute('role'), detail.getAttribute('role'), detail.textContent]).toEqual(['status', 'status', ''])
    await rerender({ store, account: { ...alice, sessionEnds: end, offline: true } })
    expect([pill.textContent, detail.textContent]).toEqual(['Offline', sentence])
    expect(description()).toBe(sentence)
    await rerender({ store, account: { ...alice, sessionEnds: end } })
    expect([pill.textContent, detail.textContent]).toEqual(['Signed in', ''])
  })

  test('without a handle it is named by its DID', async () => {
    await show({ handle: '', offline: true })
    saying(sentence.replace('alice.test', alice.did))
  })

  test('the end is said as before', async () => {
    await show({ offline: true })
    saying(`Signed in until ${day(end, now)}`)
  })
})

test('says when it was refreshed last, by the clock of a window that stays open', async () => {
  const renewed = new Date(now - 5 * 60_000).toISOString()
  await show({ renewed })
  const said = () => screen.getByText('Last refresh').nextElementSibling?.querySelector('time')
  expect([said()?.getAttribute('datetime'), said()?.textContent]).toEqual([renewed, ago(renewed, now)])
  vi.advanceTimersByTime(60_000)
  await waitFor(() => expect(said()?.textContent).toBe(ago(renewed, now + 60_000)))
})

test('says nothing of a refresh that there never was', async () => {
  await show({ renewed: '' })
  expect(screen.queryByText('Last refresh')).toBeNull()
})

test('without a keychain it says how long the sign-in lasts, and what to do', async () => {
  await show({ inMemory: true })
  saying('Signed in until the app is closed')
  const notice =
    'There is no keychain on this computer, so this sign-in ends when the app is closed. To stay signed in, start one (on Linux: GNOME Keyring or KWallet), then sign in again.'
  screen.getByText(notice)
  expect(description()).toBe(notice)
})
