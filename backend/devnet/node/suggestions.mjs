// The host that suggests accounts while somebody types: what app.bsky.actor.searchActorsTypeahead is in the wide
// network, for the accounts of this one. It knows no more than anybody can ask their servers.

import { once } from 'node:events'
import { createServer } from 'node:http'

// startSuggestions serves on a held port, under the origin that the world knows it by. homes answers the URLs of the
// PDSes whose accounts are suggested.
export async function startSuggestions({ at, origin, homes }) {
  const http = createServer(async (req, res) => {
    const json = (status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const { pathname, searchParams } = new URL(req.url, origin)
    try {
      if (pathname === '/xrpc/app.bsky.actor.searchActorsTypeahead') {
        const everybody = (await Promise.all(homes().map((pds) => actors(pds, origin)))).flat()
        const q = (searchParams.get('q') ?? '').toLowerCase()
        const fits = ({ handle, displayName = '' }) => handle.startsWith(q) || displayName.toLowerCase().includes(q)
        const limit = Number(searchParams.get('limit') ?? 10)
        return json(200, { actors: everybody.filter(fits).slice(0, limit) })
      }
      const [, did, cid] = /^\/img\/([^/]+)\/([^/]+)$/.exec(pathname) ?? []
      for (const pds of did ? homes() : []) {
        const blob = await fetch(`${pds}/xrpc/com.atproto.sync.getBlob?${new URLSearchParams({ did, cid })}`)
        if (!blob.ok) continue
        return res.writeHead(200, { 'content-type': blob.headers.get('content-type') }).end(await blob.bytes())
      }
      json(404, { error: 'NotFound' })
    } catch (error) {
      json(500, { error: 'InternalServerError', message: error.message })
    }
  })
  http.listen(at.held)
  await once(http, 'listening')
  const destroy = () => {
    http.close()
    http.closeAllConnections()
  }
  return { destroy }
}

// actors asks a PDS for its accounts, and what they say of themselves.
async function actors(pds, origin) {
  const ask = async (method, params) => {
    const answer = await fetch(`${pds}/xrpc/${method}?${new URLSearchParams(params)}`)
    return answer.ok ? answer.json() : {}
  }
  const { repos = [] } = await ask('com.atproto.sync.listRepos', { limit: 1000 })
  return Promise.all(
    repos
      .filter(({ active }) => active)
      .map(async ({ did }) => {
        const { handle } = await ask('com.atproto.repo.describeRepo', { repo: did })
        const profile = { repo: did, collection: 'app.bsky.actor.profile', rkey: 'self' }
        const { displayName, avatar } = (await ask('com.atproto.repo.getRecord', profile)).value ?? {}
        const picture = avatar && `${origin}/img/${did}/${avatar.ref.$link}`
        return { did, handle, displayName, avatar: picture }
      }),
  )
}
