import { afterEach, describe, expect, test } from 'vitest'
import { alice, aliceNeedsSignIn } from '../bridge/samples'
import { speak } from '../strings'
import { day, dayAndTime, ending } from './ending'

const hour = 3_600_000
const end = Date.parse('2030-12-06T14:05:00Z')
const account = { ...alice, sessionEnds: '2030-12-06T14:05:00Z' }

test.each([
  [-14 * 24, 'later'],
  [-48, 'later'],
  [-47.99, 'soon'],
  [-0.01, 'soon'],
  [0, 'over'],
  [100, 'over'],
] as const)('%d hours from its end a sign-in ends: %s', (hours, expected) => {
  expect(ending(account, end + hours * hour)).toBe(expected)
})

test('Go may warn earlier, and an end that has passed says more than a warning', () => {
  expect(ending({ ...account, endsSoon: true }, end - 100 * hour)).toBe('soon')
  expect(ending({ ...account, endsSoon: true }, end)).toBe('over')
})

test('without a sign-in there is no end', () => {
  expect(ending({ ...account, sessionEnds: '', endsSoon: true }, end)).toBe('unknown')
  expect(ending({ ...aliceNeedsSignIn, sessionEnds: account.sessionEnds }, end)).toBe('unknown')
})

describe('moments', () => {
  const moment = new Date(2030, 11, 6, 14, 5).toISOString()
  const before = new Date(2030, 10, 22).getTime()
  const nextYear = new Date(2031, 0, 2).getTime()

  afterEach(() => speak([]))

  test('are said in the words of the window, as its region says them', async () => {
    await speak(['en-GB'])
    expect(day(moment, before)).toBe('6 December')
    expect(dayAndTime(moment, before)).toMatch(/^Friday,? 6 December at 14:05$/)
    await speak(['en-US'])
    expect(dayAndTime(moment, before)).toMatch(/^Friday, December 6 at 2:05\sPM$/)
    await speak(['de-AT'])
    expect(day(moment, before)).toBe('6. Dezember')
    expect(dayAndTime(moment, before)).toMatch(/^Freitag, 6. Dezember (um )?14:05$/)
  })

  test('have their year only when it is another one', async () => {
    await speak(['en-GB'])
    expect(day(moment, nextYear)).toBe('6 December 2030')
    expect(dayAndTime(moment, nextYear)).toContain('2030')
  })
})
