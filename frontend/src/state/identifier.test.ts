import { expect, test } from 'vitest'
import { isEmail } from './identifier'

test.each([
  'alice@example.com',
  ' alice@example.com ',
  'alice+tag@localhost',
  'ALICE@EXAMPLE.COM',
  '"a@b"@example.com',
  'didi@example.com',
])('%s is an email', (text) => {
  expect(isEmail(text)).toBe(true)
})

test.each([
  '',
  'alice.test',
  '@alice.test',
  '@alice@example.com',
  'at://alice@example.com',
  'AT://alice@example.com',
  'did:plc:ewvi7nxzyoun6zhxrhs64oiz',
  'did:web:alice@example.com',
  'DID:web:alice@example.com',
  'https://alice@example.com',
  'localhost:2583',
  'alice@',
  '@',
  'alice @example.com',
  'alice@exam ple.com',
])('%s is not an email', (text) => {
  expect(isEmail(text)).toBe(false)
})
