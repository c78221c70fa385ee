import { describe, expect, test } from 'vitest'

type Theme = Readonly<Record<string, string>>

const styles = import.meta.glob<string>('./*.css', { query: '?raw', import: 'default', eager: true })
const components = import.meta.glob<string>('../**/*.svelte', { query: '?raw', import: 'default', eager: true })
const { './tokens.css': tokens = '', ...others } = styles
const [lightCss = '', darkCss = '', chosenDarkCss = ''] = tokens.split(/@media|:root\[data-theme='dark'\]/)

function colours(block: string): Theme {
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]))
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

const text = [
  ['ink', 'paper'],
  ['ink', 'card'],
  ['ink', 'soft'],
  ['muted', 'paper'],
  ['muted', 'card'],
  ['muted', 'soft'],
  ['paper', 'ink'],
  ['paper', 'ink-hover'],
  ['ok', 'ok-soft'],
  ['warn', 'paper'],
  ['warn', 'card'],
  ['warn', 'warn-soft'],
] as const

/** The edge of the box. The accent is checked where the brand is read. */
const shapes = [
  ['edge', 'paper'],
  ['edge', 'card'],
  ['warn', 'card'],
] as const

describe.each([
  ['light', colours(lightCss)],
  ['dark', colours(darkCss)],
] as const)('%s', (_, theme) => {
  test.each(text)('%s on %s can be read', (front, back) => {
    expect(contrast(theme[front]!, theme[back]!)).toBeGreaterThanOrEqual(4.5)
  })

  test.each(shapes)('%s on %s can be seen', (front, back) => {
    expect(contrast(theme[front]!, theme[back]!)).toBeGreaterThanOrEqual(3)
  })
})

test('the dark theme answers every colour of the light one', () => {
  expect(Object.keys(colours(darkCss))).toEqual(Object.keys(colours(lightCss)))
})

test('dark is the same whether the system or the person wants it', () => {
  expect(Object.keys(colours(darkCss))).not.toEqual([])
  expect(colours(chosenDarkCss)).toEqual(colours(darkCss))
  expect(chosenDarkCss).toContain('color-scheme: dark')
})

test('no colour stands outside the tokens', () => {
  for (const [path, source] of Object.entries({ ...others, ...components })) {
    expect(source, path).not.toBe('')
    expect(source, path).not.toMatch(/: [^;]*(#[0-9a-f]{3,8}\b|rgb|hsl)/)
  }
})
