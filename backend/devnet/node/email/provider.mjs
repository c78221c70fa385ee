// The email provider: a second real PDS behind an auth origin of its own, where a mailed code takes the place
// of the password. To a client it behaves as an ePDS does.
//
// The PDS keeps the accounts and stays the issuer: pushed requests, consent, tokens and revocation are its own.
// server.mjs is how we reach into it, auth.mjs the auth origin, mail.mjs what sends and receives the mail.

import { createServer } from 'node:http'
import { startPds } from '../pds.mjs'
import { authOrigin } from './auth.mjs'
import { startMail } from './mail.mjs'
import { HANDLE_DOMAIN, openServer } from './server.mjs'

// startEmailProvider serves on three held ports. The answer has the three origins and destroy().
export async function startEmailProvider({ dir, plcUrl, tokenLife, pdsAt, authAt, mailAt }) {
  const origin = `http://localhost:${pdsAt.port}`
  const auth = `http://localhost:${authAt.port}`
  const mail = await startMail(mailAt)
  let server
  const pds = await startPds({
    dir,
    port: pdsAt.port,
    held: pdsAt.held,
    plcUrl,
    settings: { serviceName: 'Mail provider', serviceHandleDomains: [HANDLE_DOMAIN] },
    tokenLife,
    inFront: ({ ctx, app }) => {
      server = openServer({ ctx, origin, auth })
      return server.inFrontOf(app)
    },
  })
  const authServer = createServer(authOrigin({ auth, server, send: mail.send }))
  await new Promise((resolve, reject) => authServer.once('error', reject).listen(authAt.held, resolve))

  async function destroy() {
    authServer.close()
    authServer.closeAllConnections()
    await pds.destroy()
    await mail.destroy()
  }
  return { pds: origin, auth, mail: mail.url, destroy }
}
