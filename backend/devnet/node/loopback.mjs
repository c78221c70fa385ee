// Keeps this process on loopback: nothing it runs may listen elsewhere, or talk to anything else.

import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

const isLoopback = (address) => address === '::1' || address.startsWith('127.')
const isLocalName = (name) => name === 'localhost' || net.isIP(name) !== 0

// A server resolves whatever a client, a handle or a scope names. Here such a look-up fails as it
// would for a name that does not exist; call this before any server is imported. hosts are the names that do exist,
// each with the address, "127.0.0.1:PORT", that its port 443 is to be found at.
export function confine(hosts = {}) {
  // axios, which the PDS asks the directory with, would go through a proxy even to loopback.
  for (const name of Object.keys(process.env)) {
    if (/_proxy$/i.test(name)) delete process.env[name]
  }

  // TXT look-ups end at a port that nobody listens on.
  dns.setServers(['127.0.0.1:1'])

  const refusal = (name) =>
    Object.assign(new Error(`the private network does not know ${name}`), { code: dns.NOTFOUND, hostname: name })
  const { lookup } = dns
  dns.lookup = (name, ...rest) => {
    if (isLocalName(name)) return lookup(name, ...rest)
    process.nextTick(rest.at(-1), refusal(name))
  }
  const { lookup: lookupPromise } = dns.promises
  dns.promises.lookup = async (name, ...rest) => {
    if (isLocalName(name)) return lookupPromise(name, ...rest)
    throw refusal(name)
  }

  // Names came through lookup; what is left are literal addresses.
  const { connect } = net.Socket.prototype
  net.Socket.prototype.connect = function (...args) {
    const first = Array.isArray(args[0]) ? args[0][0] : args[0]
    if (Object.hasOwn(hosts, first?.host) && Number(first.port) === 443) {
      const { hostname, port } = new URL(`http://${hosts[first.host]}`)
      Object.assign(first, { host: hostname, port })
    }
    const host = (typeof first === 'object' ? first.host : args[1]) ?? 'localhost'
    if (net.isIP(host) !== 0 && !isLoopback(host)) return this.destroy(refusal(host))
    return connect.apply(this, args)
  }
  syncBuiltinESMExports()
}

// hold binds a port on 127.0.0.1, a free one for 0. The servers insist on listening on every address,
// but they hand their "port" to listen(), which takes a server that is bound already. It also settles
// the port before the PDS writes it into its own URLs, with no moment in which another could take it.
export async function hold(port) {
  // Whoever comes before the servers are up is turned away, not left waiting.
  const held = net.createServer((socket) => socket.destroy())
  held.listen(port, '127.0.0.1')
  await once(held, 'listening')
  return { held, port: held.address().port }
}
