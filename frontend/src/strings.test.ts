import { expect, test } from 'vitest'
import type { Strings } from './strings'
import { de } from './strings/de'
import { en } from './strings/en'

const sources = import.meta.glob<string>('./**/*.svelte', { query: '?raw', import: 'default', eager: true })

/** A component without its code, its styles and everything in braces: what is left is fixed markup. */
function markup(source: string): string {
  let rest = source.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--[\s\S]*?-->/g, '')
  for (let before = ''; before !== rest; ) {
    before = rest
    rest = rest.replace(/\{[^{}]*\}/g, '')
  }
  return rest
}

test.each(Object.entries(sources))('%s has no words of its own', (_, source) => {
  const fixed = markup(source)
  expect(fixed.replace(/<[^>]*>/g, '')).not.toMatch(/\p{L}/u)
  expect(fixed).not.toMatch(/\s(aria-label|aria-description|placeholder|title|alt)=["']?\w/)
})

test.each(Object.entries(sources))('%s shows values as text and brings no inline style', (_, source) => {
  expect(source).not.toContain('{@html')
  expect(markup(source)).not.toMatch(/\sstyle[=:]/)
})

/** All that a language can say, functions included. */
function said(language: Strings): string {
  const words = JSON.stringify(language, (_, value: unknown) =>
    typeof value === 'function' ? String((value as (...some: string[]) => unknown)('', '')) : value,
  )
  return words.replace(/"[^"]*":/g, '')
}

test.each([en, de])('nothing a person reads speaks of the protocol underneath: $language', (language) => {
  expect(Object.keys(sources).length).toBeGreaterThan(5)
  expect(said(language)).not.toMatch(/oauth|token|dpop|scope|authori[sz]|consent|redirect|session|autorisier|sitzung|weiterleit/i)
})
