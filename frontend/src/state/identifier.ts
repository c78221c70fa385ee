/**
 * Tells an email from everything else that the one box takes (handle, DID, server address).
 * Only the shape counts; whether it is a good one is for the Go side to say.
 */
export function isEmail(text: string): boolean {
  return /^(?!@|did:)(?!.*:\/\/)\S+@[^\s@]+$/i.test(text.trim())
}
