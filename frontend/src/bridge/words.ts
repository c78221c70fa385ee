/** What Go says in English, in the language of the window where that has words for it. */
import { strings } from '../strings'

function own<T>(words: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined
}

/** What went wrong. The subject is what the sentence leaves room for. */
export function sentence(code: string, message: string, subject = ''): string {
  const said = own(strings.failures, code) ?? message
  return typeof said === 'string' ? said : said(subject)
}

/** The title of a finding. */
export function title(name: string, english: string): string {
  return own(strings.findings, name) ?? english
}

/** The value of a finding: as a whole, or else piece by piece. What is data stays as it is. */
export function value(english: string): string {
  return phrase(english) ?? english.split(', ').map((piece) => phrase(piece) ?? piece).join(', ')
}

function phrase(english: string): string | null {
  for (const [pattern, said] of Object.entries(strings.values)) {
    // Commas part the pieces; only at the end something may have its own, such as a path.
    const rooms = pattern.replace(/[.()]/g, '\\$&').replace(/\{\}$/, '(.+)').replaceAll('{}', '([^,]+)')
    const found = new RegExp(`^${rooms}$`).exec(english)
    if (found !== null) return found.slice(1).reduce((text, part) => text.replace('{}', () => part), said)
  }
  return null
}
