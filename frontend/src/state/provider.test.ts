import { beforeEach, expect, test } from 'vitest'
import { MockBridge } from '../bridge/mock'
import { notAServer } from '../bridge/samples'
import { EmailProvider } from './provider.svelte'

let bridge: MockBridge
let provider: EmailProvider

async function loaded(chosen: string, ...known: string[]): Promise<void> {
  bridge.providers = { chosen, known }
  await provider.load()
}

beforeEach(() => {
  bridge = new MockBridge()
  provider = new EmailProvider(bridge)
})

test('nobody is chosen before anything is known, nor when nobody is', async () => {
  expect([provider.chosen, provider.host, provider.others]).toEqual([false, '', []])
  await loaded('', 'https://one.example')
  expect([provider.chosen, provider.host, provider.others]).toEqual([false, '', ['one.example']])
})

test('the chosen one goes by its host and is not offered once more', async () => {
  await loaded('https://one.example', 'https://one.example', 'https://two.example:8443')
  expect([provider.chosen, provider.host, provider.others]).toEqual([true, 'one.example', ['two.example:8443']])
})

test('an address keeps a scheme that does not go without saying', async () => {
  await loaded('', 'http://localhost:2583')
  expect(provider.others).toEqual(['http://localhost:2583'])
  await provider.choose('http://localhost:2583')
  expect([provider.host, provider.others]).toEqual(['localhost:2583', []])
})

test('a choice is checked and then in force', async () => {
  await loaded('')
  const choosing = provider.choose(' mail.example ')
  expect(provider.choice.pending).toBe(true)
  expect(provider.chosen).toBe(false)
  expect(await choosing).toBe(true)
  expect(bridge.asked.at(-1)).toBe('chooseEmailProvider mail.example')
  expect(provider.host).toBe('mail.example')
  expect(provider.choice).toMatchObject({ pending: false, failure: null })
})

test('a choice that fails changes nothing and says why, until it is left', async () => {
  await loaded('https://one.example')
  bridge.refusals.chooseEmailProvider = notAServer
  expect(await provider.choose('nonsense')).toBe(false)
  expect(provider.choice).toMatchObject({ pending: false, failure: notAServer })
  expect(provider.host).toBe('one.example')
  provider.choice.leave()
  expect(provider.choice.failure).toBeNull()
})

test('a choice is made once, and not without an address', async () => {
  await loaded('')
  expect(await provider.choose('  ')).toBe(false)
  const [first, second] = await Promise.all([provider.choose('mail.example'), provider.choose('mail.example')])
  expect([first, second]).toEqual([true, false])
  expect(bridge.asked.filter((call) => call.startsWith('choose'))).toHaveLength(1)
})

test('a choice that is under way stays so when it is left', async () => {
  await loaded('')
  const choosing = provider.choose('mail.example')
  provider.choice.leave()
  expect(provider.choice.pending).toBe(true)
  await choosing
})

test('a change from elsewhere is noticed, once', async () => {
  await loaded('https://one.example')
  await provider.confirm()
  bridge.providers = { chosen: 'https://two.example', known: [] }
  await expect(provider.confirm()).rejects.toMatchObject({ code: 'email_provider_changed' })
  expect(provider.host).toBe('two.example')
  await provider.confirm()
})
