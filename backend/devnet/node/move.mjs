// A move of an account between two PDSes, in the steps of https://atproto.com/guides/account-migration.
// Preferences stay behind: a PDS without an app view, as ours are, has none.

// move throws at the first step that fails, and leaves the steps before it done.
export async function move({ from, to, did, password }) {
  const oldHome = client(from)
  const newHome = client(to)

  const session = await oldHome.post('com.atproto.server.createSession', { identifier: did, password })
  if (!session.active) throw new Error(`${did} is not active on ${oldHome.origin}: ${session.status}`)
  oldHome.token = session.accessJwt

  // The old server vouches for the owner of the DID.
  const { token: voucher } = await oldHome.get('com.atproto.server.getServiceAuth', {
    aud: to.ctx.cfg.service.did,
    lxm: 'com.atproto.server.createAccount',
  })
  newHome.token = voucher
  const { handle, email } = session
  const created = await newHome.post('com.atproto.server.createAccount', { did, handle, email, password })
  newHome.token = created.accessJwt

  const repo = await oldHome.fetch('com.atproto.sync.getRepo', { params: { did } })
  await newHome.fetch('com.atproto.repo.importRepo', {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.ipld.car' },
    body: await repo.bytes(),
  })
  for (let cursor; ; ) {
    const missing = await newHome.get('com.atproto.repo.listMissingBlobs', cursor ? { cursor } : {})
    for (const { cid } of missing.blobs) {
      const blob = await oldHome.fetch('com.atproto.sync.getBlob', { params: { did, cid } })
      await newHome.fetch('com.atproto.repo.uploadBlob', {
        method: 'POST',
        headers: { 'content-type': blob.headers.get('content-type') },
        body: await blob.bytes(),
      })
    }
    cursor = missing.cursor
    if (!cursor) break
  }

  const credentials = await newHome.get('com.atproto.identity.getRecommendedDidCredentials')
  // The token that the owner would get by mail.
  const token = await from.ctx.accountManager.createEmailToken(did, 'plc_operation')
  const { operation } = await oldHome.post('com.atproto.identity.signPlcOperation', { ...credentials, token })
  await newHome.post('com.atproto.identity.submitPlcOperation', { operation })

  await newHome.post('com.atproto.server.activateAccount')
  await oldHome.post('com.atproto.server.deactivateAccount', {})
}

// client speaks XRPC to a PDS, with its token once it has one.
function client({ ctx }) {
  const origin = ctx.cfg.service.publicUrl
  return {
    origin,
    token: undefined,
    async fetch(method, { params = {}, headers = {}, ...init } = {}) {
      const authorization = this.token && { authorization: `Bearer ${this.token}` }
      const url = `${origin}/xrpc/${method}?${new URLSearchParams(params)}`
      const answer = await fetch(url, { ...init, headers: { ...headers, ...authorization } })
      if (answer.ok) return answer
      throw new Error(`${method} on ${origin}: ${answer.status} ${await answer.text()}`)
    },
    async get(method, params) {
      return (await this.fetch(method, { params })).json()
    },
    // post answers undefined where the server answers nothing.
    async post(method, body) {
      const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
      const text = await (await this.fetch(method, { method: 'POST', ...json })).text()
      return text ? JSON.parse(text) : undefined
    },
  }
}
