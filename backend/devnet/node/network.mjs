// A private network: the real DID directory and the real PDS, with accounts, on loopback.
//
//   node network.mjs DIR
//
// DIR keeps everything; the same DIR brings the same network back. Standard input starts with one line,
// {"plc_port": "0", "pds_port": "0", "accounts": [{"handle": "alice.test", "password": "..."}]} (0: any free
// port), and stays open: the network ends when it closes, so it never outlives whoever started it.
// Standard output gets one line, when all is ready: {"plc": URL, "pds": URL, "accounts": [{"handle", "did", "pds"}]}.
// There is "suggestions": {"origin", "address"} in it too: a host that suggests accounts, and where it really listens.
// With "email": {"pds_port": "0", "auth_port": "0", "mail_port": "0"} in the first line there is an email
// provider too, and "email": {"pds": URL, "auth": URL, "mail": URL} in the second.
// With "second": {"pds_port": "0"} there is a second PDS, and "second": {"pds": URL, "control": URL}: accounts of the
// first move there when POST control/move is told {"did", "password"}; see second.mjs.
// With "clients": {"host", "address", "trusted"} the servers find that host, which has client metadata documents, at that
// address; the first PDS trusts the client id "trusted".
// With "token_life": MILLISECONDS access tokens are good for so long.
// The servers log to DIR/servers.log; what goes wrong here goes to standard error.

import { mkdirSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { confine, hold } from './loopback.mjs'

const dir = process.argv[2] && resolve(process.argv[2])
if (!dir) {
  console.error('usage: network.mjs DIR')
  process.exit(2)
}
mkdirSync(dir, { recursive: true, mode: 0o700 })

let started // the start, once it is asked for
let stopping = false
async function stop() {
  // Run by hand, Ctrl-C comes as a signal, and as the end of standard input from whoever piped it.
  if (stopping) return
  stopping = true
  setTimeout(() => process.exit(1), 10_000).unref()
  // A start that is under way is not torn apart: the data in DIR stays whole.
  const { servers } = (await started) ?? { servers: [] }
  for (const server of servers.reverse()) await server.destroy()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

const input = createInterface({ input: process.stdin })
input.once('close', stop)
input.once('line', async (line) => {
  started = start(JSON.parse(line))
  const { ready } = await started
  process.stdout.write(JSON.stringify(ready) + '\n')
  flushCompileCache()
})

async function start({ plc_port, pds_port, suggestions_port: suggestionsPort = 0, accounts, email, second, clients, token_life: tokenLife }) {
  // Compiling the servers takes a third of the start.
  enableCompileCache(join(import.meta.dirname, 'node_modules', '.cache', 'compile'))
  confine(clients && { [clients.host]: clients.address })
  process.env.LOG_ENABLED = 'true'
  process.env.LOG_DESTINATION = join(dir, 'servers.log')
  const plcAt = await hold(Number(plc_port))
  const pdsAt = await hold(Number(pds_port))
  const suggestionsAt = await hold(Number(suggestionsPort))
  const emailAt = email && {
    pdsAt: await hold(Number(email.pds_port)),
    authAt: await hold(Number(email.auth_port)),
    mailAt: await hold(Number(email.mail_port)),
  }
  const secondAt = second && (await hold(Number(second.pds_port)))

  // Imported late: they read the environment, and look names up, as they load.
  const { startPlc } = await import('./plc.mjs')
  const { startPds, ensureAccount } = await import('./pds.mjs')
  const { startSuggestions } = await import('./suggestions.mjs')
  const plc = `http://localhost:${plcAt.port}`
  const pds = `http://localhost:${pdsAt.port}`
  const directory = await startPlc({ file: join(dir, 'plc.jsonl'), held: plcAt.held })
  const servers = [directory]
  const homes = [] // the PDSes that have the accounts
  const ready = { plc, pds }

  // accountOf asks those who might have a handle. A PDS forgets the handle of an account that is deactivated.
  async function accountOf(handle) {
    for (const { ctx } of homes) {
      const account = await ctx.accountManager.getAccount(handle)
      if (account) return account
    }
  }

  const { answerHandles, startSecond, startControl } = secondAt ? await import('./second.mjs') : {}
  const first = await startPds({
    dir: join(dir, 'pds'),
    port: pdsAt.port,
    held: pdsAt.held,
    plcUrl: plc,
    tokenLife,
    settings: clients && { trustedOAuthClients: [clients.trusted] },
    inFront: secondAt && answerHandles(accountOf),
  })
  servers.push(first)
  homes.push(first)
  if (secondAt) {
    const home = await startSecond({ dir: join(dir, 'second'), at: secondAt, plcUrl: plc, tokenLife, accountOf })
    homes.push(home)
    const control = await startControl({ at: await hold(0), from: first, to: home })
    servers.push(home, control)
    ready.second = { pds: `http://localhost:${secondAt.port}`, control: control.url }
  }
  ready.accounts = await Promise.all(accounts.map((account) => ensureAccount(homes, account)))

  const suggestions = { origin: 'https://suggestions.test', address: `127.0.0.1:${suggestionsAt.port}` }
  const urls = () => homes.map(({ ctx }) => ctx.cfg.service.publicUrl)
  servers.push(await startSuggestions({ at: suggestionsAt, origin: suggestions.origin, homes: urls }))
  ready.suggestions = suggestions

  if (emailAt) {
    const { startEmailProvider } = await import('./email/provider.mjs')
    const provider = await startEmailProvider({ dir: join(dir, 'email'), plcUrl: plc, tokenLife, ...emailAt })
    servers.push(provider)
    ready.email = { pds: provider.pds, auth: provider.auth, mail: provider.mail }
  }
  return { servers, ready }
}
