import { expect, test } from 'vitest'

const styles = import.meta.glob<string>('./*.css', { query: '?raw', import: 'default', eager: true })
const components = import.meta.glob<string>('../**/*.svelte', { query: '?raw', import: 'default', eager: true })

/** Left and right by name, or by their place among four values. */
const sided = [
  /\b(left|right)\b(-radius|-width|-style|-color)?\s*:/,
  /(text-align|float|clear|justify-[a-z]+|transform-origin)\s*:[^;]*\b(left|right)\b/,
  /(margin|padding|inset|border-width|border-radius)\s*:\s*([^\s,;]+\s+){3}[^\s,;]+;/,
]

function css(path: string, source: string): string {
  return path.endsWith('.css') ? source : (/<style>([\s\S]*)<\/style>/.exec(source)?.[1] ?? '')
}

// Where lines begin on the right, the whole window is mirrored: by start and end, not by hand.
test.each(Object.entries({ ...styles, ...components }))('%s speaks of start and end, not of left and right', (path, source) => {
  expect(source).not.toBe('')
  for (const side of sided) expect(css(path, source)).not.toMatch(side)
})

test('sides are recognised', () => {
  const wrong = ['margin-left: 0;', 'border-top-right-radius: 0;', ' left: 0;', 'text-align: right;', 'padding: 0 1px 0 var(--x);']
  const right = ['margin-inline-start: 0;', '.left { color: red; }', 'padding: 0 clamp(1px, 2vw, 3px) 0;', 'text-align: start;', 'inset: 0;']
  expect(wrong.filter((one) => !sided.some((side) => side.test(one)))).toEqual([])
  expect(right.filter((one) => sided.some((side) => side.test(one)))).toEqual([])
})
