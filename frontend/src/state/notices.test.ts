import { expect, test } from 'vitest'
import { emptied, unsaved } from '../bridge/samples'
import { Notices } from './notices.svelte'

test('a notice that was put away stays away while it holds, and is news when it comes back', () => {
  const notices = new Notices()
  notices.replace([emptied])
  notices.hide(emptied.code)
  expect(notices.list).toEqual([])
  notices.replace([emptied, unsaved])
  expect(notices.list.map(({ code }) => code)).toEqual([unsaved.code])
  notices.replace([])
  notices.replace([emptied])
  expect(notices.list).toEqual([{ ...emptied, canHide: true }])
})

test('what is not saved yet can not be put away, and goes by itself', () => {
  const notices = new Notices()
  notices.replace([unsaved])
  notices.hide(unsaved.code)
  expect(notices.list).toEqual([{ ...unsaved, canHide: false }])
  notices.replace([])
  expect(notices.list).toEqual([])
})
