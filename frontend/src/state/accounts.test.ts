import { beforeEach, expect, test } from 'vitest'
import type { Account } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alice, bob, carol, storageBusy } from '../bridge/samples'
import { Accounts } from './accounts.svelte'

let bridge: MockBridge
let accounts: Accounts
const names = (list: readonly Account[]) => list.map(({ handle }) => handle)
const switches = () => bridge.asked.filter((call) => call.startsWith('switchTo'))

beforeEach(() => {
  bridge = new MockBridge()
  accounts = new Accounts(bridge)
  bridge.account = alice
  bridge.others = [bob, carol]
  accounts.replace([alice, bob, carol])
})

test('the order stays when another one is shown or one changes', () => {
  accounts.show(bob)
  accounts.put({ ...alice, offline: true })
  expect(accounts.shown).toEqual(bob)
  expect(names(accounts.others)).toEqual(['alice.test', 'carol.example.com'])
  expect(accounts.others[0]?.offline).toBe(true)
  accounts.show(alice)
  expect(names(accounts.list)).toEqual(['alice.test', 'bob.test', 'carol.example.com'])
})

test('a new list keeps who is shown, unless gone', () => {
  accounts.show(bob)
  accounts.replace([carol, bob])
  expect(accounts.shown).toEqual(bob)
  accounts.replace([carol])
  expect(accounts.shown).toEqual(carol)
  accounts.replace([])
  expect(accounts.shown).toBeNull()
})

test('when the one that is shown goes, the current one comes', async () => {
  bridge.account = carol
  bridge.others = [bob]
  await accounts.drop(alice.did)
  expect(accounts.shown).toEqual(carol)
  expect(names(accounts.others)).toEqual(['bob.test'])
})

test('when another one goes, nobody is asked for', async () => {
  await accounts.drop(bob.did)
  expect(accounts.shown).toEqual(alice)
  expect(bridge.asked).toEqual([])
})

test('when nobody can say who is the current one, the first one comes', async () => {
  bridge.refusals.whoami = storageBusy
  await accounts.drop(alice.did)
  expect(accounts.shown).toEqual(bob)
})

test('Go is made to mean the one that is shown, and only when it does not', async () => {
  await accounts.named(bridge.whoami())
  await accounts.insist()
  expect(switches()).toEqual([])
  accounts.show(bob)
  await accounts.insist()
  await accounts.insist()
  expect(switches()).toEqual([`switchTo ${bob.did}`])
})

test('a call that names nobody changes nothing', async () => {
  await accounts.named(bridge.whoami())
  bridge.refusals.whoami = storageBusy
  await expect(accounts.named(bridge.whoami())).rejects.toEqual(storageBusy)
  await accounts.insist()
  expect(switches()).toEqual([])
})

test('of two at the same time nobody knows whom Go means, so it is told', async () => {
  accounts.show(bob)
  await Promise.all([accounts.named(bridge.whoami()), accounts.named(bridge.switchTo(bob.did))])
  await accounts.insist()
  expect(switches()).toHaveLength(2)
  await accounts.insist()
  expect(switches()).toHaveLength(2)
})

test('with nobody shown there is nothing to insist on', async () => {
  accounts.replace([])
  await accounts.insist()
  expect(bridge.asked).toEqual([])
})
