// The real PDS, in localhost mode: its issuer, its resource and its endpoints are http://localhost:PORT.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { envToCfg, envToSecrets, PDS } from '@atproto/pds'

// startPds serves on a held port. The answer has destroy(). inFront is given the PDS and answers the handler of
// requests in its place, for a provider with pages of its own. tokenLife is how long an access token is good, in
// milliseconds; without it, as long as the PDS thinks best.
export async function startPds({ dir, port, held, plcUrl, settings: others, inFront, tokenLife }) {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const settings = {
    hostname: 'localhost',
    port,
    devMode: true,
    serviceName: 'Private network',
    dataDirectory: dir,
    blobstoreDiskLocation: join(dir, 'blobs'),
    didPlcUrl: plcUrl,
    inviteRequired: false,
    // What is not set stays off: mail, crawlers, app view, moderation, rate limits.
    ...others,
  }
  const cfg = envToCfg(settings)
  cfg.service.port = held
  let pds = await PDS.create(cfg, envToSecrets(secretsOf(dir)))
  if (tokenLife) setTokenLife(pds, tokenLife)
  if (inFront) {
    const http = createServer(inFront(pds))
    pds = new PDS({ ctx: pds.ctx, app: { listen: (at) => http.listen(at) } })
  }
  await pds.start()
  return pds
}

// The authorization server has a setting for this that the PDS does not pass on.
function setTokenLife({ ctx }, tokenLife) {
  const { tokenManager } = ctx.oauthProvider
  if (typeof tokenManager.tokenMaxAge !== 'number') throw new Error('this PDS keeps the life of its tokens elsewhere')
  tokenManager.tokenMaxAge = tokenLife
}

// The server's secrets live as long as its data; with others, every session and every DID of it would be lost.
function secretsOf(dir) {
  const file = join(dir, 'secrets.json')
  if (!existsSync(file)) {
    const secret = () => randomBytes(32).toString('hex')
    const secrets = {
      dpopSecret: secret(),
      jwtSecret: secret(),
      adminPassword: secret(),
      plcRotationKeyK256PrivateKeyHex: secret(),
    }
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
  }
  return JSON.parse(readFileSync(file, 'utf8'))
}

// ensureAccount answers where the account of a handle is, {did, pds}, creating it on the first of the servers when
// none has it. An account that has moved is still known, deactivated, to the server that it came from.
export async function ensureAccount(servers, { handle, password }) {
  for (const includeDeactivated of [false, true]) {
    for (const { ctx } of servers) {
      const known = await ctx.accountManager.getAccount(handle, { includeDeactivated })
      if (known) return { handle, did: known.did, pds: ctx.cfg.service.publicUrl }
    }
  }
  const pds = servers[0].ctx.cfg.service.publicUrl
  const created = await fetch(`${pds}/xrpc/com.atproto.server.createAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle, password, email: `${handle.split('.')[0]}@mail.test` }),
  })
  const answer = await created.json()
  if (!created.ok) throw new Error(`the PDS refused to create ${handle}: ${answer.message}`)
  return { handle, did: answer.did, pds }
}
