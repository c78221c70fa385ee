import { beforeEach, expect, test, vi } from 'vitest'
import type { Preview } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { alicePreview, storageBusy } from '../bridge/samples'
import { Previews } from './previews.svelte'

let bridge: MockBridge
let previews: Previews

beforeEach(() => {
  vi.useFakeTimers()
  bridge = new MockBridge()
  bridge.previews['alice.test'] = alicePreview
  previews = new Previews(bridge)
  return () => vi.useRealTimers()
})

test('asks once, after a pause in the typing', async () => {
  for (const text of ['a', 'alice', 'alice.te', 'alice.tes', 'alice.test']) {
    previews.look(text)
    await vi.advanceTimersByTimeAsync(349)
  }
  expect(bridge.asked).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(bridge.asked).toEqual(['preview alice.test'])
  expect(previews.preview).toEqual(alicePreview)
})

test('what means nobody yet is not asked for', async () => {
  for (const text of ['', '  ', 'alice', 'alice.', '@', 'did:plc:', 'https://', 'two words']) {
    previews.look(text)
    await vi.advanceTimersByTimeAsync(5000)
  }
  expect(bridge.asked).toEqual([])
})

test('spaces around it change nothing', async () => {
  previews.look('alice.test')
  await vi.advanceTimersByTimeAsync(350)
  previews.look(' alice.test ')
  expect(previews.preview).toEqual(alicePreview)
  await vi.advanceTimersByTimeAsync(5000)
  expect(bridge.asked).toEqual(['preview alice.test'])
})

test('typing on takes the card away at once', async () => {
  previews.look('alice.test')
  await vi.advanceTimersByTimeAsync(350)
  previews.look('alice.teste')
  expect(previews.preview).toBeNull()
  expect(bridge.asked).toEqual(['preview alice.test'])
})

test('typing on cancels, and a late answer is no news', async () => {
  let answer: (preview: Preview) => void = () => {}
  bridge.preview = (text) => {
    bridge.asked.push(`preview ${text}`)
    return new Promise((resolve) => (answer = resolve))
  }
  previews.look('alice.test')
  await vi.advanceTimersByTimeAsync(350)
  previews.look('alice.teste')
  expect(bridge.asked).toEqual(['preview alice.test', 'cancelPreview'])
  answer(alicePreview)
  await vi.advanceTimersByTimeAsync(0)
  expect(previews.preview).toBeNull()
})

test('whoever leaves asks nobody any more', async () => {
  previews.look('alice.test')
  previews.stop()
  await vi.advanceTimersByTimeAsync(5000)
  expect(bridge.asked).toEqual([])
  previews.look('alice.test') // and comes back
  await vi.advanceTimersByTimeAsync(350)
  expect(previews.preview).toEqual(alicePreview)
})

test('the last one is remembered for the sign-in that comes of it', async () => {
  previews.look('alice.test')
  await vi.advanceTimersByTimeAsync(350)
  previews.stop()
  expect([previews.preview, previews.last]).toEqual([null, alicePreview])
})

test('that there is nobody is said after a longer pause', async () => {
  previews.look('alice.tset')
  await vi.advanceTimersByTimeAsync(350 + 1499)
  expect(previews.missing).toBeNull()
  await vi.advanceTimersByTimeAsync(1)
  expect(previews.missing?.code).toBe('handle_not_found')
  previews.look('alice.tset2')
  expect(previews.missing).toBeNull()
})

test('typing on before that says nothing', async () => {
  previews.look('alice.tset')
  await vi.advanceTimersByTimeAsync(1000)
  previews.look('alice')
  await vi.advanceTimersByTimeAsync(5000)
  expect(previews.missing).toBeNull()
})

test('other failures are for the sign-in to say', async () => {
  bridge.refusals.preview = storageBusy
  previews.look('alice.test')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([previews.missing, previews.preview]).toEqual([null, null])
})
