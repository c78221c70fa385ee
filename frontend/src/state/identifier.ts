/**
 * Finds an email among everything else that the one box takes (handle, DID, server address). Only the shape counts;
 * whether it is a good one is for the Go side to say. A slash before the @ makes it a path, as in links to profiles.
 */
export function emailIn(text: string): string {
  const bare = text
    .replace(/\p{Cf}/gu, '') // what copying adds to set the writing direction
    .trim()
    .replace(/^mailto:([^?]*).*$/i, '$1')
    .replace(/\.+$/, '')
  return /^[^\s@/:]+@[^\s@/:]+$/.test(bare) ? bare : ''
}
