import { expect, test } from 'vitest'
import catalogue from '../../../backend/codes.go?raw'
import report from '../../../backend/report.go?raw'
import values from '../../../backend/wire/report.go?raw'
import type { Sentence } from './en'
import { de } from './de'
import { en } from './en'

/** The constants of a type in a Go source, by name. */
function constants(source: string, type: string): Map<string, string> {
  return new Map([...source.matchAll(new RegExp(`^\\t(\\w+) +${type} += "(\\w+)"$`, 'gm'))].map(([, name, value]) => [name!, value!]))
}

const codes = constants(catalogue, 'Code')
const names = constants(report, 'FindingName')
/** The codes whose sentence in Go leaves room for a subject. */
const roomy = [...catalogue.matchAll(/^\t(\w+): +\{".*\{\}/gm)].map(([, name]) => codes.get(name!))

function say(sentence: Sentence, subject: string): string {
  return typeof sentence === 'string' ? sentence : sentence(subject)
}

test('every failure of Go has a sentence, and no other has', () => {
  expect(codes.size).toBeGreaterThan(60)
  expect(Object.keys(de.failures).sort()).toEqual([...codes.values()].sort())
})

test('every finding of Go has a title, and no other has', () => {
  expect(names.size).toBeGreaterThan(15)
  expect(Object.keys(de.findings).sort()).toEqual([...names.values()].sort())
})

test('every value of a finding that is words is said, and no other', () => {
  const literals = [...values.replace(/\/\/.*/g, '').matchAll(/"([^"\n]*)"/g)].map(([, literal]) => literal!.replace(/%[ds]/g, '{}'))
  // What Go joins, and what comes of it. A size needs no words.
  const made = [' ({} until the program is closed)', ', {} to sign in again ({})', "can't be read, ", 'a file under a passphrase, ', '{} KB']
  const pieces = ['{} signed in ({} until the program is closed)', '{} to sign in again ({})', "can't be read", 'a file under a passphrase, {}']
  const words = literals.filter((literal) => literal.trim().includes(' ') && !made.includes(literal))
  expect(literals).toEqual(expect.arrayContaining(made))
  expect(Object.keys(de.values).sort()).toEqual([...new Set([...words, ...pieces, 'none', 'failed'])].sort())
  for (const [theirs, own] of Object.entries(de.values)) expect(own.split('{}').length, theirs).toBe(theirs.split('{}').length)
})

test('a sentence names its subject where the one in Go does', () => {
  expect(roomy).toContain('account_moved')
  const naming = Object.entries(de.failures).filter(([, sentence]) => say(sentence, 'pds.example').includes('pds.example'))
  expect(naming.map(([code]) => code).sort()).toEqual([...roomy].sort())
})

test.each(Object.entries(de.failures))('%s is said in whole sentences, with its subject and without', (_, sentence) => {
  for (const subject of ['pds.example', '']) expect(say(sentence, subject)).toMatch(/^\p{Lu}[^{}]*[^ ]\.$/u)
  expect(say(sentence, '')).not.toMatch(/  | [.,:]/)
})

/** What every function says of arguments that can be told apart, in the order of the file. */
function spoken(words: object, path = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    if (typeof value === 'function') return [[`${path}${key}`, String(value('one.example', 'two.example'))]]
    return typeof value === 'object' && value !== null && key !== 'failures' ? spoken(value, `${path}${key}.`) : []
  })
}

test('nothing that a sentence is told gets lost', () => {
  const told = (words: object) =>
    spoken(words).map(([path, said]) => [path, ['one.example', 'two.example'].filter((one) => said.includes(one))])
  expect(told(de)).toEqual(told(en))
  expect(told(en).length).toBeGreaterThan(15)
})

test('one is said in another way than many, and none leaves no gap', () => {
  expect([de.settings.troubled(1), de.settings.troubled(2)]).toEqual(['Eine Sache ist zu tun', '2 Dinge sind zu tun'])
  expect(de.waiting.timeLeft(4, 7)).toBe('noch 4:07')
  expect(de.waiting.resolving('')).toBe('Ihr Konto wird gesucht')
  expect(de.waiting.waitingDetail('')).toContain('die Anmeldung und kommen')
  expect(de.waiting.codeDetail('a.example', '')).toContain('a.example schickt Ihnen einen Code.')
})

test('it is a translation: few words are the same', () => {
  const said = (words: object): string[] => Object.values(words).flatMap((one) => (typeof one === 'object' ? said(one) : one))
  const same = said({ ...de, failures: {}, findings: {}, values: {} }).filter((one, at) => one === said(en)[at] && typeof one === 'string')
  expect(same).toEqual(['ltr', 'alice.example.com', 'public.api.bsky.app', 'pds.example.com', 'http://127.0.0.1…', 'Offline', 'Server', 'Name', 'Version'])
})
