/** When a sign-in ends, and how to say it. */
import type { Account } from '../bridge/bridge'
import { locale } from '../strings'

/** How long before the end a person is warned: the same as in Go, which looks only when it answers. */
const warning = 48 * 3_600_000

export type Ending = 'unknown' | 'later' | 'soon' | 'over'

export function ending({ status, sessionEnds, endsSoon }: Account, now: number): Ending {
  const end = Date.parse(sessionEnds)
  if (status !== 'active' || Number.isNaN(end)) return 'unknown'
  if (now >= end) return 'over'
  return endsSoon || now > end - warning ? 'soon' : 'later'
}

/** Such as 6 December. */
export function day(moment: string, now: number): string {
  return inWords(moment, now, { day: 'numeric', month: 'long' })
}

/** Such as Sunday, 6 December at 14:05. */
export function dayAndTime(moment: string, now: number): string {
  const parts = { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' } as const
  return inWords(moment, now, parts)
}

/** The year goes without saying, unless it is another one. */
function inWords(moment: string, now: number, parts: Intl.DateTimeFormatOptions): string {
  const date = new Date(moment)
  const otherYear = date.getFullYear() !== new Date(now).getFullYear()
  return new Intl.DateTimeFormat(locale, otherYear ? { ...parts, year: 'numeric' } : parts).format(date)
}
