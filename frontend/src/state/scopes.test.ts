import { expect, test } from 'vitest'
import { inWords } from './scopes'

test('known scopes are said in words, each thing once, and unknown ones stay visible', () => {
  expect(inWords(['atproto', 'account:email', 'transition:email', 'transition:generic', 'repo:x', 'constructor'])).toEqual([
    'who you are',
    'your email address',
    'your posts and everything else but direct messages',
    'repo:x',
    'constructor',
  ])
})
