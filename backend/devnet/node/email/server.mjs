// The provider's hands inside its PDS: accounts, the sessions of a browser, and the requests under way.

import { randomBytes, randomInt } from 'node:crypto'
import { ownCookies } from '../cookies.mjs'
import { fail } from './http.mjs'

export const HANDLE_DOMAIN = '.mail.test'
export const COOKIE_PREFIX = 'mail-'

export function openServer({ ctx, origin, auth }) {
  const { oauthProvider: provider, accountManager: accounts } = ctx
  const { deviceManager: devices, requestManager: requests } = provider
  const authorizationEndpoint = `${auth}/oauth/authorize`

  // request answers the parameters of a request that is alive, and keeps it alive for another five minutes.
  // It throws for one that is not.
  async function request({ uri, clientId }) {
    const { parameters } = await requests.get(uri, undefined, clientId)
    return parameters
  }

  // end makes a request dead.
  const end = ({ uri }) => requests.delete(uri)

  // errorRedirect is where a dead request leads back to: hosted native clients hear of it, without the state.
  // What runs on a loopback client id could be anybody, so there the person only sees a page.
  async function errorRedirect({ clientId }, parameters) {
    if (!clientId.startsWith('https://')) return undefined
    const { metadata } = await provider.clientManager.getClient(clientId)
    if (metadata.application_type !== 'native') return undefined
    const to = new URL(parameters?.redirect_uri ?? metadata.redirect_uris[0])
    to.searchParams.set('iss', origin)
    to.searchParams.set('error', 'access_denied')
    return to.href
  }

  // accountOf finds an account by its email, handle or DID.
  function accountOf(hint) {
    return hint.includes('@') ? accounts.getAccountByEmail(hint) : accounts.getAccount(hint.toLowerCase())
  }

  // signedIn lists the accounts that this browser is signed in to.
  async function signedIn(req) {
    const cookies = await devices.getCookies(req)
    if (!cookies) return []
    const { deviceId, sessionId } = cookies.value
    const device = await devices.store.readDevice(deviceId)
    if (device?.sessionId !== sessionId) return []
    const bound = await provider.accountManager.listDeviceAccounts(deviceId)
    return bound.filter((one) => !provider.checkLoginRequired(one)).map(({ account }) => account)
  }

  // signIn signs this browser in to an account whose owner has shown that the mailbox is theirs.
  async function signIn(req, res, did) {
    const { deviceId } = await devices.load(req, res, true)
    await provider.accountManager.upsertDeviceAccount(deviceId, did)
  }

  // consent answers the URL of the PDS's consent page, with the account chosen for this request.
  async function consent({ uri, clientId }, did) {
    const parameters = await request({ uri, clientId })
    // The PDS shows the account of the hint; with any other prompt it might ask for a password nobody has.
    const chosen = { ...parameters, login_hint: did, prompt: 'consent' }
    const id = decodeURIComponent(uri.split(':').at(-1))
    await requests.store.updateRequest(id, { parameters: chosen })
    return `${origin}/oauth/authorize?${new URLSearchParams({ client_id: clientId, request_uri: uri })}`
  }

  const handleOf = (name) => name.toLowerCase() + HANDLE_DOMAIN

  // refusal says in words why a name cannot be had, or nothing when it can.
  async function refusal(name) {
    if (!/^[a-z0-9-]{5,20}$/i.test(name)) return 'Use 5 to 20 letters, digits and hyphens.'
    if (/^-|-$/.test(name)) return 'A hyphen cannot come first or last.'
    const anyState = { includeDeactivated: true, includeTakenDown: true }
    if (await accounts.getAccount(handleOf(name), anyState)) return 'This name is taken.'
    if (isLong(name)) return undefined
    try {
      await provider.accountManager.store.verifyHandleAvailability(handleOf(name))
    } catch (error) {
      return `This name cannot be used: ${error.message}.`
    }
  }

  // createAccount answers the DID. Nobody knows its password, not even we: the mailbox is the only key.
  async function createAccount(email, name) {
    const made = await fetch(`${origin}/xrpc/com.atproto.server.createAccount`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        handle: handleOf(isLong(name) ? randomName() : name),
        email,
        password: randomBytes(32).toString('hex'),
      }),
    })
    const { did, message } = await made.json()
    if (!made.ok) throw new Error(message)
    if (isLong(name)) {
      await ctx.plcClient.updateHandle(did, ctx.plcRotationKey, handleOf(name))
      await accounts.updateAccountHandle(did, handleOf(name))
    }
    // The code has come back, so the email is confirmed.
    await accounts.confirmEmail(did, email, await accounts.createEmailToken(did, 'confirm_email'))
    return did
  }

  // inFrontOf puts our two changes before the PDS's own pages.
  function inFrontOf(app) {
    const metadata = JSON.stringify({ ...provider.metadata, authorization_endpoint: authorizationEndpoint })
    const answer = async (req, res) => {
      const url = new URL(req.url, origin)
      ownCookies(COOKIE_PREFIX, req, res)
      if (req.method === 'GET' && url.pathname === '/.well-known/oauth-authorization-server') {
        res.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' }).end(metadata)
        return
      }
      // The PDS would ask for a password here.
      if (req.method === 'GET' && url.pathname === '/oauth/authorize' && (await signedIn(req)).length === 0) {
        res.writeHead(303, { location: authorizationEndpoint + url.search }).end()
        return
      }
      app(req, res)
    }
    return (req, res) => answer(req, res).catch((error) => fail(res, error))
  }

  const underWay = { request, end, errorRedirect, consent }
  const people = { accountOf, signedIn, signIn, refusal, randomName, createAccount }
  return { ...underWay, ...people, inFrontOf }
}

// The PDS takes names of up to 18 letters; longer ones come in by another way.
const isLong = (name) => name.length > 18

function randomName() {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
  return 'u' + Array.from({ length: 9 }, () => letters[randomInt(letters.length)]).join('')
}
