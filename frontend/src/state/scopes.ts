import { strings } from '../strings'

/** What an account lets the app see, in words; a scope without words is shown as it is rather than hidden. */
export function inWords(scopes: readonly string[]): string[] {
  return [...new Set(scopes.map((scope) => (Object.hasOwn(strings.scopes, scope) ? strings.scopes[scope]! : scope)))]
}

/** What is asked for and was not granted. Two scopes in the same words are the same to a person. */
export function missing(asked: readonly string[], granted: readonly string[]): string[] {
  const known = inWords(granted)
  return asked.filter((scope) => inWords([scope]).every((words) => !known.includes(words)))
}
