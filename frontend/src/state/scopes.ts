import { strings } from '../strings'

/** What an account lets the app see, in words; a scope without words is shown as it is rather than hidden. */
export function inWords(scopes: readonly string[]): string[] {
  return [...new Set(scopes.map((scope) => (Object.hasOwn(strings.scopes, scope) ? strings.scopes[scope]! : scope)))]
}
