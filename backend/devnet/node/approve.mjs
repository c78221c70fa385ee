// The system browser of runs without a screen: opens an authorization URL in Chromium and plays the person.
//
//   approve URL
//
//   DEVNET_PASSWORD   the account's password
//   DEVNET_ACTION     approve (default), deny (on the consent page), cancel (on the first page), or
//                     leave (look at the first page and go away)
//   DEVNET_HANDLE     the handle to type when the page does not know it
//   DEVNET_EMAIL      the person's email, at an email provider; approve-email.mjs has the rest of it
//   DEVNET_ELSEWHERE  1 for a browser on another computer, where the app's own page can't be loaded
//   DEVNET_SCHEME     a scheme whose addresses the pages of DEVNET_ISSUER, an origin, may hand to another program
//   DEVNET_PROFILE    a directory that keeps the browser's profile, and with it its sessions; a fresh one when empty
//   DEVNET_SHOTS      a directory for screenshots, one per page
//   DEVNET_OUT        a file to append the output to, for a BROWSER whose standard output belongs to the app
//
// Every page that is passed gives one line of output: {"page": NAME, "title": ..., "text": ...}, with the
// names welcome, sign-in, consent and final, and those of approve-email.mjs; final is the page that the app
// serves on 127.0.0.1. Where that can't be loaded, stranded takes its place, with its "address"; where the address was
// handed to another program, handed does. When something goes wrong, standard error says what, and where a screenshot of it is.

import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { passEmailPages } from './approve-email.mjs'

const DEADLINE = 60_000
const ACTIONS = ['approve', 'deny', 'cancel', 'leave']

const [url] = process.argv.slice(2)
const { DEVNET_PASSWORD: password, DEVNET_ACTION: action = 'approve', DEVNET_HANDLE: handle } = process.env
const { DEVNET_SHOTS: shots, DEVNET_OUT: out, DEVNET_EMAIL: email, DEVNET_PROFILE: profile } = process.env
const { DEVNET_SCHEME: scheme, DEVNET_ISSUER: issuer } = process.env
const elsewhere = process.env.DEVNET_ELSEWHERE === '1'
if (!url || !ACTIONS.includes(action)) {
  console.error(`usage: approve URL, with DEVNET_ACTION one of ${ACTIONS.join(', ')}`)
  process.exit(2)
}

let browser, page
const stranded = Promise.withResolvers()
const trusting = scheme ? trust() : undefined
try {
  browser = await chromium.launchPersistentContext(trusting?.profile ?? profile ?? '', {
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // The pages of a private network load nothing from elsewhere.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]',
    ],
    // The pages speak the browser's language, and their parts are found by their English names.
    locale: 'en-US',
    viewport: { width: 1100, height: 800 },
    env: { ...process.env, PATH: trusting ? `${trusting.made}:${process.env.PATH}` : process.env.PATH },
  })
  page = browser.pages()[0] ?? (await browser.newPage())
  page.setDefaultTimeout(DEADLINE)
  if (elsewhere) await strand()
  await Promise.race([visit(), unreachable(), deadline()])
} catch (error) {
  console.error(`approve: ${error.message.split('\n')[0]}`)
  // A signal closes the page before we come here.
  if (page && !page.isClosed()) {
    const shot = await screenshot(shots || mkdtempSync(join(tmpdir(), 'approve-')), 'failure')
    console.error(`approve: what it looked like: ${shot}`)
  }
  process.exitCode = 1
} finally {
  await browser?.close()
  if (trusting) rmSync(trusting.made, { recursive: true, force: true })
}
// The losers of the race must not keep the process.
process.exit()

async function visit() {
  await page.goto(url)
  if (email) {
    if (await passEmailPages({ page, email, action, seen })) await consent()
    return
  }
  const button = (name) => page.getByRole('button', { name, exact: true })
  const passwordField = page.locator('input[name=password]')
  const refused = page.getByRole('alert')
  const decide = button('Authorize')

  // Without a login hint there is a welcome page first, where "Sign in" leads on; with one, "Sign in" submits.
  await passwordField.or(button('Create a new account')).first().waitFor()
  const welcome = !(await passwordField.isVisible())
  await seen(welcome ? 'welcome' : 'sign-in')
  if (action === 'leave') return
  if (action === 'cancel') {
    await button('Cancel').click()
    return final()
  }
  if (welcome) {
    await button('Sign in').click()
    await passwordField.waitFor()
    if (!handle) throw new Error('the page does not know who signs in; set DEVNET_HANDLE')
    await page.locator('input[name=username]').fill(handle)
    await seen('sign-in')
  }
  if (!password) throw new Error('the page asks for the password; set DEVNET_PASSWORD')
  await passwordField.fill(password)
  await button('Sign in').click()

  await decide.or(refused).first().waitFor()
  if (await refused.isVisible()) throw new Error(`the page refused the sign-in: ${await refused.innerText()}`)
  await consent()
}

async function consent() {
  await seen('consent')
  await page.getByRole('button', { name: action === 'deny' ? 'Deny access' : 'Authorize', exact: true }).click()
  return final()
}

async function final() {
  if (elsewhere) {
    const address = await stranded.promise
    await page.getByRole('heading', { name: 'This site can’t be reached' }).waitFor()
    return seen('stranded', { address })
  }
  if (scheme) {
    const status = await trusting.handed()
    if (status !== '0') throw new Error(`the other program ended with ${status}`)
    return seen('handed')
  }
  await page.waitForURL((at) => at.hostname === '127.0.0.1', { waitUntil: 'load' })
  await seen('final')
}

// trust makes a profile whose person has let the issuer's pages open such addresses, once and for all. The browser
// does it with xdg-open, in a process of its own: handed answers how that ended.
function trust() {
  const made = mkdtempSync(join(tmpdir(), 'approve-trust-'))
  const profile = join(made, 'profile')
  mkdirSync(join(profile, 'Default'), { recursive: true })
  const choices = { protocol_handler: { allowed_origin_protocol_pairs: { [issuer]: { [scheme]: true } } } }
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(choices))
  const status = join(made, 'status')
  const script = `#!/bin/sh\nPATH="\${PATH#*:}" xdg-open "$@"\necho $? > '${status}.new' && mv '${status}.new' '${status}'\n`
  writeFileSync(join(made, 'xdg-open'), script, { mode: 0o700 })
  const changes = watch(made)
  return {
    made,
    profile,
    async handed() {
      while (!existsSync(status)) await once(changes, 'change')
      return readFileSync(status, 'utf8').trim()
    },
  }
}

// strand keeps the browser from the app's page. It takes the protocol of the developer tools: Playwright's own
// interception does not see where a redirect leads.
async function strand() {
  const tools = await page.context().newCDPSession(page)
  tools.on('Fetch.requestPaused', ({ requestId, request }) => {
    stranded.resolve(request.url)
    tools.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionRefused' }).catch(stranded.reject)
  })
  await tools.send('Fetch.enable', { patterns: [{ urlPattern: 'http://127.0.0.1:*/callback?*' }] })
}

// unreachable fails as soon as the page cannot be loaded, for example because the app no longer listens.
function unreachable() {
  return new Promise((_, reject) => {
    page.on('response', (response) => {
      if (!response.request().isNavigationRequest() || response.status() < 500) return
      reject(new Error(`${new URL(response.url()).origin} answers with ${response.status()}`))
    })
    page.on('requestfailed', (request) => {
      const reason = request.failure().errorText
      if (!request.isNavigationRequest() || request.frame() !== page.mainFrame() || reason === 'net::ERR_ABORTED') return
      if (elsewhere && new URL(request.url()).pathname === '/callback') return
      reject(new Error(`could not load ${new URL(request.url()).origin}: ${reason}`))
    })
  })
}

function deadline() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done after ${DEADLINE / 1000} s`)), DEADLINE)
  })
}

async function seen(name, more = {}) {
  const line = JSON.stringify({ page: name, title: await page.title(), text: await page.innerText('body'), ...more }) + '\n'
  // The picture comes first: whoever reads the line may look for it.
  if (shots) await screenshot(shots, name)
  if (out) appendFileSync(out, line)
  else process.stdout.write(line)
}

async function screenshot(dir, name) {
  const path = join(dir, `${name}.png`)
  mkdirSync(dir, { recursive: true })
  await page.screenshot({ path, timeout: 5_000 }).catch((error) => console.error(`approve: no screenshot: ${error.message}`))
  return path
}
