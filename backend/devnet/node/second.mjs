// A second plain PDS, the new home of accounts that move. Both are real; what we add is the part of the world
// between them: who answers for a handle, and a move on request.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { ownCookies } from './cookies.mjs'
import { move } from './move.mjs'
import { startPds } from './pds.mjs'

const HANDLE_DOMAIN = '.new.test'
const COOKIE_PREFIX = 'new-'

// startSecond serves on a held port. accountOf answers the account of a handle, wherever it is.
export async function startSecond({ dir, at, plcUrl, tokenLife, accountOf }) {
  const pds = await startPds({
    dir,
    port: at.port,
    held: at.held,
    plcUrl,
    tokenLife,
    settings: {
      serviceName: 'New home',
      serviceHandleDomains: [HANDLE_DOMAIN],
      // Without the port it would have the name of the first PDS, and take the tokens that are meant for that one.
      serviceDid: `did:web:localhost%3A${at.port}`,
    },
    inFront:
      ({ app }) =>
      (req, res) => {
        ownCookies(COOKIE_PREFIX, req, res)
        app(req, res)
      },
  })
  // The PDS makes sure that a handle from elsewhere belongs to whoever brings it. Its own look-up ends at loopback.mjs.
  pds.ctx.idResolver.handle.resolve = async (handle) => (await accountOf(handle))?.did
  return pds
}

// answerHandles goes in front of the first PDS, to which every handle under .test leads. The handles are to their
// accounts what domains of their own would be: they go on leading to an account that has moved, while no PDS answers
// for one that is not active there.
export function answerHandles(accountOf) {
  return ({ app }) =>
    async (req, res) => {
      if (req.method === 'GET' && req.url === '/.well-known/atproto-did') {
        const account = await accountOf(req.headers.host?.split(':')[0].toLowerCase() ?? '').catch(() => undefined)
        if (account) return res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(account.did)
      }
      app(req, res)
    }
}

// startControl serves POST /move, {"did", "password"}, on a held port: it moves an account from one PDS to the other
// and answers 200 {}, or 500 {"message"}. Whoever knows the password might move the account anyway.
export async function startControl({ at, from, to }) {
  const http = createServer(async (req, res) => {
    const answer = (status, body) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (req.method !== 'POST' || req.url !== '/move') return answer(404, { message: 'POST /move is all there is' })
    try {
      const chunks = await Array.fromAsync(req)
      await move({ from, to, ...JSON.parse(Buffer.concat(chunks)) })
      answer(200, {})
    } catch (error) {
      answer(500, { message: error.message })
    }
  })
  http.listen(at.held)
  await once(http, 'listening')
  const destroy = () => {
    http.close()
    http.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${at.port}`, destroy }
}
