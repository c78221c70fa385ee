// The auth origin: from an authorization URL to the PDS's consent page.
//
//   GET  /oauth/authorize       the authorization endpoint
//   GET  /auth/email            which email?                  POST sends a code there
//   GET  /auth/code             the code                      POST checks it; /auth/resend sends another
//   GET  /auth/choose-handle    a new account picks its name  POST makes the account; /auth/check-handle tells
//   POST /auth/choose           an account that this browser is signed in to
//   POST /auth/ping             a page is still open

import { ownCookies } from '../cookies.mjs'
import { fail, readForm, redirect } from './http.mjs'
import { asset, render } from './pages.mjs'
import { Requests } from './requests.mjs'
import { COOKIE_PREFIX } from './server.mjs'

const HANDLE_MODES = ['picker-with-random', 'picker', 'random']
const COOKIE = 'mail-verified'

// authOrigin answers the handler of the origin auth. send mails a code.
export function authOrigin({ auth, server, send }) {
  const requests = new Requests()

  const routes = {
    'GET /oauth/authorize': authorize,
    'GET /auth/email': async ({ res, request }) => showEmail(res, request),
    'POST /auth/email': takeEmail,
    'GET /auth/code': async ({ res, request }) => showCode(res, request),
    'POST /auth/code': takeCode,
    'POST /auth/resend': resend,
    'GET /auth/choose-handle': showHandle,
    'POST /auth/choose-handle': takeHandle,
    'GET /auth/check-handle': checkHandle,
    'POST /auth/choose': choose,
    'POST /auth/ping': async ({ res }) => res.writeHead(204).end(),
  }

  async function handle(req, res) {
    const url = new URL(req.url, auth)
    const file = req.method === 'GET' && asset(url.pathname)
    if (file) return res.writeHead(200, { 'content-type': file.type }).end(file.content)
    const route = routes[`${req.method} ${url.pathname}`]
    // Browsers say where a form comes from; one of another page is nothing that the person has done here.
    if (!route || (req.method === 'POST' && req.headers.origin !== auth)) return res.writeHead(route ? 403 : 404).end()
    ownCookies(COOKIE_PREFIX, req, res)
    let request
    try {
      const input = req.method === 'POST' ? await readForm(req) : url.searchParams
      const uri = input.get('request_uri') ?? ''
      request = route === authorize ? { uri, clientId: input.get('client_id') ?? '' } : requests.get(uri)
      if (!request) return await showEnd(res, {})
      const parameters = await server.request(request)
      await route({ req, res, input, request, parameters })
    } catch (error) {
      // What the PDS says of a request that it does not know, or not any more, has a description.
      if (!error.error_description) return fail(res, error)
      await showEnd(res, { request, parameters: error.parameters }).catch((again) => fail(res, again))
    }
  }

  async function authorize({ req, res, input, request: { uri, clientId }, parameters }) {
    const mode = input.get('epds_handle_mode')
    const handleMode = HANDLE_MODES.includes(mode) ? mode : HANDLE_MODES[0]
    const request = requests.open({ uri, clientId, handleMode })
    const hint = input.get('login_hint') || parameters.login_hint
    const account = hint && (await server.accountOf(hint))
    if (input.get('prompt') !== 'login') {
      const signedIn = await server.signedIn(req)
      if (signedIn.length > 0 && (!hint || signedIn.some(({ did }) => did === account?.did))) {
        return showChooser(res, request, signedIn)
      }
    }
    if (hint?.includes('@')) return begin(res, request, hint)
    // The hint is shown as it was given: whoever knows a handle need not learn the email.
    if (account?.email) return begin(res, request, account.email, hint)
    showEmail(res, request)
  }

  function takeEmail({ res, input, request }) {
    return begin(res, request, input.get('email') ?? '')
  }

  // begin mails a code, unless one is on its way already, and asks for it.
  async function begin(res, request, address, shownAs) {
    const email = address.trim().toLowerCase()
    if (!/^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(email)) {
      return showEmail(res, request, `A code cannot be sent to ${address}: this is not an email address.`)
    }
    if (!request.waitsFor(email)) await send(email, request.newCode(email))
    request.shownAs = shownAs ?? email
    redirect(res, `/auth/code?${new URLSearchParams({ request_uri: request.uri })}`)
  }

  async function resend({ res, request }) {
    if (!request.email) return showEmail(res, request)
    await send(request.email, request.newCode(request.email))
    page(res, 200, 'code', { request, note: 'A new code was sent. The one before it is no longer good.' })
  }

  async function takeCode({ req, res, input, request, parameters }) {
    const answer = request.check(input.get('code'))
    if (answer === 'late') return showCode(res, request, 'This code is too old. Ask for a new one.')
    if (answer === 'wrong') {
      if (request.triesLeft > 0)
        return showCode(res, request, `This code is not right. Tries left: ${request.triesLeft}.`)
      await server.end(request)
      return showEnd(res, { request, parameters, why: 'Too many wrong codes were entered.' })
    }
    const account = await server.accountOf(request.email)
    if (account) return enter(req, res, request, account.did)
    if (request.handleMode === 'random') return create(req, res, request, server.randomName())
    res.setHeader('set-cookie', `${COOKIE}=${request.browser}; Path=/auth; HttpOnly; SameSite=Lax`)
    redirect(res, `/auth/choose-handle?${new URLSearchParams({ request_uri: request.uri })}`)
  }

  // isVerified tells the browser that has typed the right code from any other that knows the URL.
  const isVerified = (req, request) =>
    request.browser && (req.headers.cookie ?? '').split(/;\s*/).includes(`${COOKIE}=${request.browser}`)

  async function showHandle({ req, res, request }) {
    if (!isVerified(req, request)) return showEmail(res, request)
    page(res, 200, 'choose-handle', { request, random: request.handleMode !== 'picker' })
  }

  async function takeHandle({ req, res, input, request }) {
    if (!isVerified(req, request)) return showEmail(res, request)
    const random = request.handleMode !== 'picker' && input.has('random')
    const name = random ? server.randomName() : (input.get('handle') ?? '')
    const alert = await server.refusal(name)
    if (alert) return page(res, 400, 'choose-handle', { request, alert, name, random: request.handleMode !== 'picker' })
    await create(req, res, request, name)
  }

  async function checkHandle({ res, input }) {
    const why = await server.refusal(input.get('handle') ?? '')
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ available: !why, why }))
  }

  async function create(req, res, request, name) {
    let did
    try {
      did = await server.createAccount(request.email, name)
    } catch (error) {
      return showEnd(res, { request, why: `The account could not be made: ${error.message}.` })
    }
    await enter(req, res, request, did)
  }

  async function enter(req, res, request, did) {
    await server.signIn(req, res, did)
    requests.forget(request)
    redirect(res, await server.consent(request, did))
  }

  async function choose({ req, res, input, request }) {
    const chosen = (await server.signedIn(req)).find(({ did }) => did === input.get('did'))
    if (!chosen) return showEmail(res, request, 'You are no longer signed in to that account.')
    requests.forget(request)
    redirect(res, await server.consent(request, chosen.did))
  }

  const showChooser = (res, request, accounts) => page(res, 200, 'chooser', { request, accounts })

  const showEmail = (res, request, alert) => page(res, alert ? 400 : 200, 'email', { request, alert })

  const showCode = (res, request, alert) =>
    request.email ? page(res, alert ? 400 : 200, 'code', { request, alert }) : showEmail(res, request)

  // showEnd is where a dead request ends: a page, or the client where it may be told.
  async function showEnd(res, { request, parameters, why = 'It took too long, or it was used already.' }) {
    if (request) requests.forget(request)
    const back = request && (await server.errorRedirect(request, parameters).catch(() => undefined))
    if (back) return redirect(res, back)
    page(res, 400, 'ended', { why })
  }

  function page(res, status, name, values) {
    // "same-origin" keeps the email in the URL to ourselves, and still names the origin of our forms.
    res.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    })
    res.end(render(name, values))
  }

  return handle
}
