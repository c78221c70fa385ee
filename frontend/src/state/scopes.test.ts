import { expect, test } from 'vitest'
import { inWords, missing } from './scopes'

test('known scopes are said in words, each thing once, and unknown ones stay visible', () => {
  expect(inWords(['atproto', 'account:email', 'transition:email', 'transition:generic', 'repo:x', 'constructor'])).toEqual([
    'who you are',
    'your email address',
    'your posts and everything else but direct messages',
    'repo:x',
    'constructor',
  ])
})

test('what is missing is what nobody granted in any words', () => {
  expect(missing(['atproto', 'account:email', 'repo:x'], ['atproto'])).toEqual(['account:email', 'repo:x'])
  expect(missing(['account:email', 'repo:x'], ['transition:email', 'repo:x'])).toEqual([])
  expect(missing([], ['atproto'])).toEqual([])
})
