/** When a sign-in ends, how far along it is, and how to say moments. */
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

/** How much of a sign-in has passed, from 0 to 1; null when its beginning or its end is not known. */
export function passed({ signedIn, sessionEnds }: Account, now: number): number | null {
  const [start, end] = [Date.parse(signedIn), Date.parse(sessionEnds)]
  if (Number.isNaN(start) || Number.isNaN(end) || end <= start) return null
  return Math.min(1, Math.max(0, (now - start) / (end - start)))
}

/** Such as 5 minutes ago. A clock that is looked at once a minute may be behind what it is asked about. */
export function ago(moment: string, now: number): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const minutes = Math.max(0, Math.floor((now - Date.parse(moment)) / 60_000))
  if (minutes === 0) return format.format(0, 'second')
  if (minutes < 60) return format.format(-minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? format.format(-hours, 'hour') : format.format(-Math.floor(hours / 24), 'day')
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
