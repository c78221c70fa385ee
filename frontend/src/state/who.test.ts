import { expect, test } from 'vitest'
import { alice, alicePreview, bob, signIn } from '../bridge/samples'
import { whoSignsIn } from './who'

const found = { ...alicePreview, name: 'Alice Example' }

test('the name and the picture come from what was known before', () => {
  const named = { name: 'Alice Example', avatar: alicePreview.avatar }
  expect(whoSignsIn(signIn('waiting'), [null, bob, found])).toMatchObject({ handle: 'alice.test', ...named })
  expect(whoSignsIn(signIn('waiting'), [null, bob, { ...alice, ...named }])).toMatchObject(named)
})

test('before it is looked up, whoever has that handle is meant', () => {
  const { did, server, name } = found
  expect(whoSignsIn(signIn('resolving'), [found])).toMatchObject({ did, server, name })
  expect(whoSignsIn(signIn('resolving', { handle: '' }), [{ ...found, handle: '' }]).name).toBe('')
})

test('another account has no part in it, although it had that handle', () => {
  const other = signIn('waiting', { did: bob.did })
  expect(whoSignsIn(other, [found, alice])).toMatchObject({ did: bob.did, name: '', avatar: '' })
})

test('a handle that is not verified any more is not shown', () => {
  expect(whoSignsIn(signIn('waiting', { handle: '' }), [found])).toMatchObject({ handle: '', name: 'Alice Example' })
})
