// The real PDS, in localhost mode: its issuer, its resource and its endpoints are http://localhost:PORT.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { envToCfg, envToSecrets, PDS } from '@atproto/pds'

// startPds serves on a held port. The answer has destroy(). inFront is given the PDS and answers what listens in
// its place, for a provider with pages of its own.
export async function startPds({ dir, port, held, plcUrl, settings: others, inFront }) {
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
  if (inFront) pds = new PDS({ ctx: pds.ctx, app: inFront(pds) })
  await pds.start()
  return pds
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

// ensureAccount answers the DID of a handle, creating its account when the server has none.
export async function ensureAccount(origin, { handle, password }) {
  const known = await fetch(`${origin}/xrpc/com.atproto.identity.resolveHandle?handle=${handle}`)
  if (known.ok) return (await known.json()).did
  const created = await fetch(`${origin}/xrpc/com.atproto.server.createAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle, password, email: `${handle.split('.')[0]}@mail.test` }),
  })
  const answer = await created.json()
  if (!created.ok) throw new Error(`the PDS refused to create ${handle}: ${answer.message}`)
  return answer.did
}
