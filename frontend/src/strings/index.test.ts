import { afterEach, expect, test, vi } from 'vitest'
import { locale, speak, strings } from '.'
import { de } from './de'
import { en } from './en'

afterEach(() => speak([]))

test.each([
  [['de'], de, 'de'],
  [['de-AT', 'de', 'en'], de, 'de-AT'],
  [['de-Latn-CH'], de, 'de-Latn-CH'],
  [['en-GB', 'de'], en, 'en-GB'],
  [['fr-FR', 'de-CH', 'en'], de, 'de-CH'],
  [['fr', 'nl'], en, 'en'],
  [['den', 'constructor', 'de_DE', 'C', ''], en, 'en'],
  [[], en, 'en'],
])('of %j the first is spoken that there is', async (languages, words, region) => {
  await speak(languages)
  expect(strings).toBe(words)
  expect(locale).toBe(region)
  expect(document.documentElement.lang).toBe(words.language)
  expect(document.documentElement.dir).toBe('ltr')
})

test('a language that can be asked for can say dates and lists', () => {
  for (const { language } of [en, de]) expect(Intl.DateTimeFormat.supportedLocalesOf(language)).toEqual([language])
})

test('lines begin where the language begins them', async () => {
  vi.spyOn(de, 'direction', 'get').mockReturnValue('rtl')
  await speak(['de'])
  expect(document.documentElement.dir).toBe('rtl')
})
