/**
 * Every word the window shows, in one place, so that it can be read as a whole and translated. A language is a file
 * beside `en.ts`, loaded only where it is spoken.
 */
import { en } from './en'

export type Strings = typeof en

const others: Readonly<Record<string, () => Promise<Strings>>> = {
  de: async () => (await import('./de')).de,
}

/** Those of the language in use. */
export let strings: Strings = en

/** The language in use as the person has it, with its region, for dates and lists: a BCP 47 tag. */
export let locale = en.language

function languageOf(tag: string): string {
  try {
    return new Intl.Locale(tag).language
  } catch {
    return ''
  }
}

/** Takes the first of these languages that there is, else English: before anything is shown, which does not change later. */
export async function speak(languages: readonly string[]): Promise<void> {
  locale = languages.find((tag) => languageOf(tag) === en.language || Object.hasOwn(others, languageOf(tag))) ?? en.language
  strings = (await others[languageOf(locale)]?.()) ?? en
  document.documentElement.lang = strings.language
  document.documentElement.dir = strings.direction
}
