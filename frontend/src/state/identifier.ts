import type { Kind } from '../bridge/bridge'

/** What copying adds to set the writing direction, and what stands around it. */
function bare(text: string): string {
  return text.replace(/\p{Cf}/gu, '').trim()
}

/** What sort of name a text has the shape of, while it is typed; empty as long as that can't be told. Go judges for good. */
export function kindOf(text: string): Kind | '' {
  if (emailIn(text) !== '') return 'email'
  const name = bare(text)
    .replace(/^at:\/\/([^/]*).*$/i, '$1')
    .replace(/^(?:https?:\/\/)?[^/\s]+\/profile\/([^/]+).*$/i, '$1')
    .replace(/^@/, '')
  if (/^did:[a-z]+:[^\s]+$/i.test(name)) return 'did'
  if (/^(https?:\/\/)?[^\s@:/]+(:\d+)?(\/\S*)?$/i.test(name) && /[:/]/.test(name) && !/^[a-z]+:$/i.test(name)) return 'server'
  return /^[^\s.@:/]+(\.[^\s.@:/]+)*\.\p{L}[^\s.@:/]+\.?$/u.test(name) ? 'handle' : ''
}

/**
 * Finds an email among everything else that the one box takes (handle, DID, server address). Only the shape counts;
 * whether it is a good one is for the Go side to say. A slash before the @ makes it a path, as in links to profiles.
 */
export function emailIn(text: string): string {
  const email = bare(text)
    .replace(/^mailto:([^?]*).*$/i, '$1')
    .replace(/\.+$/, '')
  return /^[^\s@/:]+@[^\s@/:]+$/.test(email) ? email : ''
}
