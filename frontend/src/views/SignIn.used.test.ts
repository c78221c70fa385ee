import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { alice, bob, cancelled, carol, locked, used } from '../bridge/samples'
import { Store } from '../state/store.svelte'
import SignIn from './SignIn.svelte'

let bridge: MockBridge
let store: Store

const offered = () => screen.queryAllByRole('button', { name: /^Sign in as/ }).map((button) => button.getAttribute('aria-label'))

beforeEach(() => {
  bridge = new MockBridge()
  bridge.used = [used(alice), { ...used(bob), handle: '' }, used(carol)]
  store = new Store(bridge)
})

async function shown() {
  await store.start()
  render(SignIn, { store })
}

test('whoever was signed out is offered, by handle or DID', async () => {
  await shown()
  screen.getByRole('region', { name: 'Used here before' })
  expect(offered()).toEqual(['Sign in as alice.test', `Sign in as ${bob.did}`, 'Sign in as carol.example.com'])
})

test('without anybody there is nothing', async () => {
  bridge.used = []
  await shown()
  expect(screen.queryByText('Used here before')).toBeNull()
})

test('one press signs in, by the DID, and the box has the name if it comes to nothing', async () => {
  await shown()
  await userEvent.click(screen.getByRole('button', { name: 'Sign in as alice.test' }))
  expect(bridge.asked).toContain(`login ${alice.did}`)
  bridge.fail(cancelled)
  await waitFor(() => expect(store.busy).toBe(false))
  expect(screen.getByRole<HTMLInputElement>('textbox').value).toBe('alice.test')
})

test('whoever is signed in is not among them', async () => {
  bridge.account = carol
  await store.start()
  store.add()
  render(SignIn, { store })
  expect(offered()).toEqual(['Sign in as alice.test', `Sign in as ${bob.did}`])
})

test('each can be forgotten, and the focus goes on', async () => {
  await shown()
  await userEvent.click(screen.getByRole('button', { name: 'Forget alice.test' }))
  expect(bridge.asked).toContain(`forget ${alice.did}`)
  await waitFor(() => expect(document.activeElement?.getAttribute('aria-label')).toBe(`Forget ${bob.did}`))
  expect(offered()).toHaveLength(2)
  await userEvent.tab()
  await userEvent.tab()
  await userEvent.keyboard('{Enter}') // the last one
  await waitFor(() => expect(document.activeElement?.getAttribute('aria-label')).toBe(`Forget ${bob.did}`))
  await userEvent.keyboard('{Enter}')
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('textbox')))
  expect(screen.queryByText('Used here before')).toBeNull()
})

test('one that could not be forgotten stays, and it is said why', async () => {
  bridge.refusals.forget = locked
  await shown()
  await userEvent.click(screen.getByRole('button', { name: 'Forget alice.test' }))
  await screen.findByText(locked.message)
  expect(offered()).toHaveLength(3)
})

test.each(['signOut', 'signOutAll'] as const)('after a sign-out they are there with the view: %s', async (method) => {
  bridge.account = alice
  bridge.used = []
  await store.start()
  const { logout, logoutAll } = bridge
  const keep = () => (bridge.used = [used(alice)])
  bridge.logout = () => logout.call(bridge).then(() => void keep())
  bridge.logoutAll = () => logoutAll.call(bridge).then(() => void keep())
  await store[method]()
  expect(store.view).toBe('sign-in')
  expect(store.usedBefore).toEqual([used(alice)])
})
