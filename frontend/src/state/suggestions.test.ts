import { beforeEach, expect, test, vi } from 'vitest'
import type { Suggestion } from '../bridge/bridge'
import { MockBridge } from '../bridge/mock'
import { storageBusy, suggestions as samples } from '../bridge/samples'
import { Settings } from './settings.svelte'
import { Suggestions } from './suggestions.svelte'

let bridge: MockBridge
let settings: Settings
let suggestions: Suggestions

const handles = () => suggestions.list.map(({ handle }) => handle)
const asked = () => bridge.asked.filter((call) => call.startsWith('suggest'))

beforeEach(async () => {
  vi.useFakeTimers()
  bridge = new MockBridge()
  bridge.chosen = { ...bridge.chosen, suggestionHost: 'https://one.example' }
  bridge.everybody = samples
  settings = new Settings(bridge)
  await settings.load()
  suggestions = new Suggestions(bridge, settings.suggestions)
  return () => vi.useRealTimers()
})

async function look(text: string, wait = 250) {
  suggestions.look(text)
  await vi.advanceTimersByTimeAsync(wait)
}

test('nobody is asked while they are off', async () => {
  await settings.suggestions.switchOff()
  await look('al', 5000)
  expect(asked()).toEqual([])
})

test('the typing has to pause, and what was found stays until there is something newer', async () => {
  await look('al', 249)
  expect(asked()).toEqual([])
  await look('ali')
  expect(asked()).toEqual(['suggest ali'])
  expect(handles()).toEqual(['alice.test', 'alicia.example.com', 'carol.example.com'])
  await look('alici', 249)
  expect(handles()).toHaveLength(3)
  await vi.advanceTimersByTimeAsync(1)
  expect(handles()).toEqual(['alicia.example.com'])
})

test('an email, and nothing, take them away at once', async () => {
  for (const text of ['alice@example.org', ' ']) {
    await look('al')
    expect(handles()).toHaveLength(3)
    await look(text, 0)
    expect(handles()).toEqual([])
  }
  await vi.advanceTimersByTimeAsync(5000)
  expect(asked()).toEqual(['suggest al', 'suggest al'])
})

test('a name that is whole needs no help', async () => {
  await look('alice.tes')
  expect(handles()).toEqual(['alice.test'])
  await look(' @Alice.test')
  expect(handles()).toEqual([])
})

test('closing ends the question on its way, and its answer is no news', async () => {
  let answer: (found: Suggestion[]) => void = () => {}
  bridge.suggest = (text) => {
    bridge.asked.push(`suggest ${text}`)
    return new Promise((resolve) => (answer = resolve))
  }
  await look('al')
  const late = answer
  suggestions.close()
  expect(asked()).toEqual(['suggest al', 'suggest '])
  late(samples)
  await vi.advanceTimersByTimeAsync(0)
  expect(handles()).toEqual([])
})

test('an answer that comes after a newer question is no news', async () => {
  const answers: ((found: Suggestion[]) => void)[] = []
  bridge.suggest = () => new Promise((resolve) => answers.push(resolve))
  await look('al')
  await look('ali')
  answers[1]!([samples[1]!])
  answers[0]!([samples[0]!])
  await vi.advanceTimersByTimeAsync(0)
  expect(handles()).toEqual(['alicia.example.com'])
})

test('a failure is none of the person’s business', async () => {
  bridge.refusals.suggest = storageBusy
  await look('al')
  expect(handles()).toEqual([])
})

test('up and down go around the ends, and begin anew with a new list', async () => {
  await look('al')
  const steps = ([1, 1, 1, 1, -1, -1] as const).map((by) => {
    suggestions.move(by)
    return suggestions.active
  })
  expect(steps).toEqual([0, 1, 2, 0, 2, 1])
  await look('ali')
  expect(suggestions.active).toBe(-1)
  suggestions.move(-1)
  expect(suggestions.active).toBe(2)
})
