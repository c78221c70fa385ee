// Tries whatever a script in the page could try, one thing after the other. The results are an object of name
// and outcome; that nothing reached the target, the target itself knows.
import { target } from './target.js'

const results = {}
const stage = document.getElementById('stage')
const bound = window.go.app.App
const violations = {}
const sentinel = 'canary-argument'

document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
  violations[effectiveDirective] = (violations[effectiveDirective] ?? 0) + 1
})

/** Messages to the window and requests to its files keep their order: what was asked before has been decided then. */
async function settle() {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve))
    await bound.Product()
    await (await fetch('/target.js')).text()
  }
}

async function attempt(name, act) {
  try {
    results[name] = String((await act()) ?? 'done')
  } catch (error) {
    results[name] = `refused: ${error?.name ?? error}`
  }
  await settle()
}

function make(tag, attributes, text = '') {
  const element = Object.assign(document.createElement(tag), attributes)
  element.append(text)
  stage.append(element)
  return element
}

/** How it went: an element that tells; those that stay silent are the target's to notice. */
function outcome(element) {
  return new Promise((resolve) => {
    element.onload = () => resolve('loaded')
    element.onerror = () => resolve('error')
  })
}

const elsewhere = {
  target: `${target}/navigated`,
  file: 'file:///etc/hostname',
  data: 'data:text/html,<title>gone</title>',
  blank: 'about:blank',
  host: 'wails://elsewhere/',
  file_of_ours: 'wails://wails/target.js',
  blob: URL.createObjectURL(new Blob(['<title>gone</title>'], { type: 'text/html' })),
  script: 'javascript:document.title="gone"',
}

async function navigate() {
  for (const [name, address] of Object.entries(elsewhere)) {
    await attempt(`location ${name}`, () => void (location.href = address))
    await attempt(`replace ${name}`, () => location.replace(address))
    await attempt(`window ${name}`, () => (window.open(address) === null ? 'refused' : 'opened'))
    for (const to of ['_self', '_top', '_blank', 'other']) {
      await attempt(`link ${name} ${to}`, () => make('a', { href: address, target: to }, name).click())
    }
  }
  await attempt('download', () => make('a', { href: elsewhere.target, download: 'x' }, 'x').click())
  for (const method of ['get', 'post']) {
    await attempt(`form ${method}`, () => make('form', { action: elsewhere.target, method }).submit())
  }
  await attempt('refresh', () => make('meta', { httpEquiv: 'refresh', content: `0;url=${elsewhere.target}` }))
  await attempt('base', () => {
    make('base', { href: `${target}/based/` })
    return new URL(make('img', { src: 'x.png' }).src).origin === location.origin ? 'refused' : 'rebased'
  })
}

async function embed() {
  for (const [name, address] of Object.entries(elsewhere)) {
    await attempt(`frame ${name}`, () => make('iframe', { src: address }))
    await attempt(`object ${name}`, () => make('object', { data: address }))
    await attempt(`embed ${name}`, () => make('embed', { src: address }))
  }
  await attempt('frame srcdoc', () => make('iframe', { srcdoc: '<script>parent.inline = true</script>' }))
  await attempt('frame ours', () => make('iframe', { src: location.href }))
}

async function connect() {
  const stream = target.replace('http', 'ws')
  await attempt('fetch', () => fetch(`${target}/fetch`, { mode: 'no-cors' }))
  await attempt('request', () => {
    const request = new XMLHttpRequest()
    request.open('GET', `${target}/request`)
    request.send()
    return outcome(request)
  })
  await attempt('socket', () => outcome(new WebSocket(stream)))
  await attempt('events', () => outcome(new EventSource(`${target}/events`)))
  await attempt('beacon', () => void navigator.sendBeacon(`${target}/beacon`, 'x'))
  await attempt('image', () => outcome(make('img', { src: `${target}/image` })))
  await attempt('image data', () => outcome(make('img', { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' })))
  await attempt('style', () => outcome(make('link', { rel: 'stylesheet', href: `${target}/style` })))
  await attempt('import of a style', () => make('style', {}, `@import url(${target}/import); body { background: url(${target}/background) }`))
  await attempt('font', () => new FontFace('x', `url(${target}/font)`).load())
  await attempt('sound', () => outcome(make('audio', { src: `${target}/sound`, preload: 'auto' })))
  await attempt('video', () => outcome(make('video', { src: `${target}/video`, poster: `${target}/poster` })))
  await attempt('worker', () => outcome(new Worker('/attack.js')))
  await attempt('worker blob', () => outcome(new Worker(URL.createObjectURL(new Blob([''])))))
  await attempt('import', () => import(/* @vite-ignore */ `${target}/module`))
  for (const rel of ['prefetch', 'preload', 'modulepreload', 'icon', 'manifest']) {
    await attempt(`link ${rel}`, () => make('link', { rel, as: 'image', href: `${target}/${rel}` }))
  }
  await attempt('peers', () => (typeof RTCPeerConnection === 'undefined' ? 'refused' : 'there are some'))
}

async function evaluate() {
  await attempt('script element', () => {
    make('script', {}, 'window.inline = true')
    return window.inline ? 'ran' : 'refused'
  })
  await attempt('script from elsewhere', () => outcome(make('script', { src: `${target}/script` })))
  await attempt('eval', () => (0, eval)('"ran"'))
  await attempt('function', () => new Function('return "ran"')())
  await attempt('markup', () => {
    stage.innerHTML = '<img src="/nowhere" onerror="window.handler = true">'
    return 'set'
  })
  await attempt('markup, handler', async () => {
    const image = document.createElement('img')
    image.setAttribute('onerror', 'window.handler = true')
    image.src = '/nowhere'
    stage.append(image)
    await settle()
    return window.handler ? 'ran' : 'refused'
  })
  await attempt('inline at load', () => (window.inline || window.handler ? 'ran' : 'refused'))
}

/** Events that only Go may send. Who hears them is the page; Go must not. */
async function forge() {
  const account = { did: 'did:plc:forged', handle: 'forged.example', server: 'forged.example', status: 'active' }
  await attempt('events', () => {
    window.runtime.EventsEmit('account', { kind: 'added', account })
    window.runtime.EventsEmit('sign-in', { id: 'forged', phase: 'done', did: account.did })
    window.runtime.EventsEmit('notices', [{ code: 'internal', message: 'forged' }])
  })
  await attempt('accounts', async () => JSON.stringify(await bound.Accounts()))
  await attempt('attempt', async () => JSON.stringify(await bound.Attempt()))
  await attempt('notices', async () => JSON.stringify((await bound.Notices()).filter(({ message }) => message === 'forged')))
}

/** What the bound methods do with anything, and what is written of it once the page has turned the log up. */
async function call() {
  window.WailsInvoke('LS1')
  const junk = [[], [sentinel], [sentinel, sentinel], [{ [sentinel]: 1 }], [[sentinel]], [[[sentinel]]], [7], [null], [true], [`${sentinel}\u0000<b>`]]
  let answered = 0
  for (const method of Object.keys(bound)) {
    for (const args of junk) {
      await bound[method](...args).catch(() => 0)
      answered++
    }
  }
  results.calls = String(answered)
  for (const message of ['', 'C', 'C{', `C{"name":"${sentinel}"}`, 'c{}', 'E', 'EE{', 'EXaccount', 'W', 'Wx', 'B', 'BO', 'DD', 'resize:x', 'resize:', 'LS9', 'LF', `LE: ${sentinel}`, sentinel, 'wails:showInspector']) {
    window.WailsInvoke(message)
  }
  await settle()
}

for (const part of [navigate, embed, connect, evaluate, forge, call]) await part()
results.violations = JSON.stringify(violations)
results.title = document.title
document.querySelector('[role=status]').textContent = JSON.stringify(results)
document.title = 'Finished'
stage.replaceChildren(Object.assign(document.createElement('h1'), { textContent: 'Finished' }))
