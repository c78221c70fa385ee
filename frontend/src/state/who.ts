import type { Account, Preview, SignIn } from '../bridge/bridge'

export type Who = Pick<Preview, 'did' | 'handle' | 'server' | 'name' | 'avatar'>

const nobody: Who = { did: '', handle: '', server: '', name: '', avatar: '' }

/**
 * Who signs in: what Go says of the attempt, with the name and the picture that the box or the list of accounts knew
 * before. A handle comes from Go alone, which has verified it or has it from the person.
 */
export function whoSignsIn({ did, handle, server }: SignIn, known: readonly (Preview | Account | null)[]): Who {
  const same = (one: Who) => (did === '' ? handle !== '' && one.handle === handle : one.did === did)
  const before = known.find((one) => one !== null && same(one)) ?? nobody
  return { did: did || before.did, handle, server: server || before.server, name: before.name, avatar: before.avatar }
}
