import { expect, test } from 'vitest'
import { emailIn, kindOf } from './identifier'

test.each([
  'alice@example.com',
  'alice+tag@localhost',
  'alice+tag+more@example.com',
  'ALICE@EXAMPLE.COM',
  'didi@example.com',
  "o'brien.x_y-z@sub.example.co.uk",
  'jürgen@bücher.example',
  'jürgen@bu\u0308cher.example',
  '用户@例子.广告',
])('%s is an email', (text) => {
  expect(emailIn(text)).toBe(text)
})

test.each([
  [' alice@example.com ', 'alice@example.com'],
  ['\u2068alice@example.com\u2069', 'alice@example.com'],
  ['mailto:alice@example.com', 'alice@example.com'],
  ['MAILTO:alice+tag@example.com?subject=Hello', 'alice+tag@example.com'],
  ['alice@example.com.', 'alice@example.com'],
])('in %j there is an email', (text, email) => {
  expect(emailIn(text)).toBe(email)
})

test.each([
  '',
  'alice.test',
  '@alice.test',
  ' @alice.test',
  '\u2068@alice.test\u2069',
  '@alice@example.com',
  'at://alice@example.com',
  'AT://alice@example.com',
  'at://alice.test',
  'did:plc:ewvi7nxzyoun6zhxrhs64oiz',
  'did:web:alice@example.com',
  'DID:web:alice@example.com',
  'https://alice@example.com',
  'https://alice:secret@example.com/path',
  'https://bsky.app/profile/@alice',
  'https://bsky.app/profile/alice@example.com',
  'bsky.app/profile/@alice',
  'alice@example.com/path',
  'alice:secret@example.com',
  'alice@example.com:8080',
  'localhost:2583',
  'alice@',
  'alice@.',
  '@',
  'mailto:',
  'mailto:alice',
  'alice@bob@example.com',
  'alice @example.com',
  'alice@exam ple.com',
])('%s is not an email', (text) => {
  expect(emailIn(text)).toBe('')
})

test('once there is an email, typing on never takes it away', () => {
  const typed = 'jürgen+tag@mail.bücher.example'
  const seen = [...typed].map((_, at) => emailIn(typed.slice(0, at + 1)) !== '')
  expect(seen.lastIndexOf(false)).toBe(typed.indexOf('@'))
})

test.each([
  ['alice.test', 'handle'],
  ['@alice.example.com', 'handle'],
  [' \u2068alice.test\u2069 ', 'handle'],
  ['alice.test.', 'handle'],
  ['\u0430lice.test', 'handle'], // Cyrillic: Go says what is odd about it
  ['at://alice.test/app.bsky.feed.post/x', 'handle'],
  ['https://bsky.app/profile/alice.test/post/x', 'handle'],
  ['bsky.app/profile/alice.test', 'handle'],
  ['did:plc:ewvi7nxzyoun6zhxrhs64oiz', 'did'],
  ['did:web:alice.test', 'did'],
  ['https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz', 'did'],
  ['https://pds.example.com', 'server'],
  ['http://localhost:2583', 'server'],
  ['localhost:2583', 'server'],
  ['pds.example.com/', 'server'],
  ['alice@example.com', 'email'],
  ['', ''],
  ['@', ''],
  ['alice', ''],
  ['alice.', ''],
  ['alice.t', ''],
  ['127.0.0.1', ''],
  ['what is this', ''],
  ['did', ''],
  ['did:', ''],
  ['did:plc:', ''],
  ['https:', ''],
  ['https://', ''],
  ['.test', ''],
  ['alice..test', ''],
])('%j has the shape of: %s', (text, kind) => {
  expect(kindOf(text)).toBe(kind)
})
