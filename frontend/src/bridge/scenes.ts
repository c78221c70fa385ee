/**
 * The states to look at in a plain browser: `npm run dev`, then `?state=` and one of the names below.
 * `signin` (also the default) plays a whole sign-in: `alice.test` and every email succeed, an unknown name fails.
 * `&language=de` shows it in another language.
 */
import { strings } from '../strings'
import picture from './alice.svg'
import { MockBridge } from './mock'
import {
  alice,
  alicePreview,
  aliceMoved,
  aliceNeedsSignIn,
  bob,
  cancelled,
  carol,
  emptied,
  hours,
  locked,
  lookAlike,
  mismatch,
  notAServer,
  notFound,
  serverPreview,
  notTheAddress,
  signIn,
  signInByEmail,
  storageBusy,
  suggestions,
  timedOut,
  troubled,
  unsaved,
  used,
} from './samples'

function during(attempt: ReturnType<typeof signIn>): MockBridge {
  const bridge = new MockBridge()
  bridge.current = attempt
  bridge.cancel = async () => {
    bridge.progress({ ...attempt, phase: 'failed', error: cancelled })
  }
  return bridge
}

/** An attempt that can be rescued: any address of 127.0.0.1 is taken, and nothing else. */
function rescuable(attempt: ReturnType<typeof signIn>): MockBridge {
  const bridge = during(attempt)
  bridge.account = alice
  bridge.pasteAddress = async (address) => {
    if (!address.startsWith('http://127.0.0.1:')) throw notTheAddress
    bridge.progress({ ...attempt, phase: 'exchanging' })
    setTimeout(() => bridge.progress({ ...attempt, phase: 'done' }), 1200)
  }
  bridge.openIn = async () => bridge.progress({ ...attempt, browserOpened: true })
  return bridge
}

function signedIn(changes: Partial<typeof alice> = {}): MockBridge {
  const bridge = new MockBridge()
  bridge.account = { ...alice, ...changes }
  return bridge
}

const carolNeedsSignIn = { ...carol, ...aliceNeedsSignIn, did: carol.did, handle: carol.handle, server: carol.server }

/** Alice, and the others beside her. */
function several(changes: Partial<typeof alice> = {}): MockBridge {
  const bridge = signedIn(changes)
  bridge.others = [bob, carolNeedsSignIn]
  return bridge
}

/** Presses a button as soon as it is there. */
function pressed(bridge: MockBridge, name: string): MockBridge {
  const look = setInterval(() => {
    const button = [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === name)
    if (button === undefined) return
    clearInterval(look)
    button.click()
  }, 20)
  return bridge
}

/** Answers a login the way a friendly server would, slowly enough to watch. */
function interactive(bridge = new MockBridge()): MockBridge {
  const { login, loginWithEmail, renew } = bridge
  let steps: ReturnType<typeof setTimeout>[] = []
  let attempts = 0
  const at = (milliseconds: number, step: () => void) => steps.push(setTimeout(step, milliseconds))
  const newId = () => `attempt-${++attempts}`
  bridge.login = (identifier) => {
    const id = newId()
    at(0, () => bridge.progress(signIn('resolving', { id, handle: identifier })))
    if (identifier === alice.handle) {
      at(900, () => bridge.progress(signIn('waiting', { id })))
      at(6000, () => bridge.progress(signIn('exchanging', { id })))
      at(7200, () => bridge.succeed(alice))
    } else {
      at(900, () => bridge.fail(notFound))
    }
    return login(identifier)
  }
  bridge.renew = (did) => {
    const id = newId()
    const account = [alice, bob, carol].find((one) => one.did === did) ?? alice
    const about = { id, did, handle: account.handle, server: account.server }
    at(0, () => bridge.progress(signIn('resolving', about)))
    at(900, () => bridge.progress(signIn('waiting', about)))
    at(6000, () => bridge.progress(signIn('exchanging', about)))
    at(7200, () => bridge.succeed(account))
    return renew(did)
  }
  bridge.loginWithEmail = (email) => {
    const id = newId()
    at(0, () => bridge.progress(signInByEmail('resolving', { id })))
    at(900, () => bridge.progress(signInByEmail('waiting', { id })))
    at(20_000, () => bridge.progress(signInByEmail('exchanging', { id })))
    at(21_200, () => bridge.succeed(alice))
    return loginWithEmail(email)
  }
  bridge.cancel = async () => {
    steps.forEach(clearTimeout)
    steps = []
    bridge.fail(cancelled)
  }
  const choose = bridge.chooseEmailProvider.bind(bridge)
  bridge.chooseEmailProvider = async (address) => {
    await new Promise((resolve) => setTimeout(resolve, 900))
    if (!address.includes('.')) throw notAServer
    return choose(address)
  }
  return bridge
}

/** Types an email, or another text, as a person would, once there is a box to type in, and sends it when asked to. */
function typed(bridge: MockBridge, send = false, text = 'alice@example.org'): MockBridge {
  const look = setInterval(() => {
    const box = document.querySelector<HTMLInputElement>('#who')
    if (box === null) return
    clearInterval(look)
    box.value = text
    box.dispatchEvent(new Event('input', { bubbles: true }))
    if (send) setTimeout(() => box.form?.requestSubmit())
  }, 20)
  return bridge
}

/** A text in the box, and what is understood of it. */
function previewed(text: string, preview?: typeof alicePreview, scopes = ['atproto', 'account:email']): MockBridge {
  const bridge = interactive()
  bridge.named = { ...bridge.named, scopes }
  if (preview !== undefined) bridge.previews[text] = preview
  return typed(bridge, false, text)
}

/** Suggestions are on, and there are some for the text in the box. */
function suggesting(text: string): MockBridge {
  const bridge = interactive()
  bridge.chosen = { ...bridge.chosen, suggestionHost: 'https://public.api.bsky.app' }
  bridge.everybody = suggestions.map((one, at) => (at === 0 ? { ...one, avatar: picture } : one))
  for (const { did, handle, name } of suggestions) bridge.previews[handle] = { ...alicePreview, did, handle, name, avatar: '' }
  return typed(bridge, false, text)
}

/** Sign-ins by email that come as far as this, however often they are tried. */
function byEmail(attempt: ReturnType<typeof signIn>): MockBridge {
  const bridge = new MockBridge()
  const { loginWithEmail } = bridge
  let attempts = 0
  bridge.loginWithEmail = (email) => {
    const id = `attempt-${++attempts}`
    setTimeout(() => bridge.progress(signInByEmail('resolving', { id })))
    setTimeout(() => {
      bridge.progress({ ...attempt, id })
      if (attempt.phase === 'done') bridge.succeed(alice)
      if (attempt.error !== null) bridge.fail(attempt.error)
    }, 600)
    return loginWithEmail(email)
  }
  bridge.cancel = async () => bridge.fail(cancelled)
  return typed(bridge, true)
}

const scenes: Readonly<Record<string, () => MockBridge>> = {
  starting: () => {
    const bridge = new MockBridge()
    bridge.whoami = () => new Promise(() => {})
    return bridge
  },
  signin: () => interactive(),
  failed: () => {
    const bridge = interactive(during(signIn('resolving', { handle: 'alice.tset' })))
    setTimeout(() => bridge.progress(signIn('failed', { handle: 'alice.tset', error: notFound })), 300)
    return bridge
  },
  resolving: () => during(signIn('resolving')),
  waiting: () => rescuable(signIn('waiting')),
  'waiting-named': () => {
    const bridge = rescuable(signIn('waiting'))
    bridge.account = { ...alice, name: 'Alice Example', avatar: picture }
    return bridge
  },
  'other-ways': () => pressed(rescuable(signIn('waiting')), strings.waiting.otherWays),
  'no-browser': () => rescuable(signIn('waiting', { browserOpened: false })),
  remote: () => rescuable(signIn('waiting', { browserOpened: false, remote: true })),
  'remote-other-ways': () => pressed(rescuable(signIn('waiting', { browserOpened: false, remote: true })), strings.waiting.otherWays),
  'server-only': () => during(signIn('waiting', { handle: '', did: '', server: 'pds.example.com' })),
  exchanging: () => during(signIn('exchanging')),
  'long-wait': () => during(signIn('waiting', { deadline: hours(1) })),
  email: () => typed(interactive()),
  'email-no-provider': () => {
    const bridge = interactive()
    bridge.providers = { chosen: '', known: ['https://certified.one', 'https://mail.example.net'] }
    return typed(bridge)
  },
  'email-known': () => {
    const bridge = interactive()
    bridge.account = alice
    bridge.others = [bob]
    bridge.known = bob
    return typed(pressed(bridge, strings.account.add), true)
  },
  'email-waiting': () => byEmail(signInByEmail('waiting')),
  'email-no-browser': () => byEmail(signInByEmail('waiting', { browserOpened: false })),
  'email-stock': () => byEmail(signInByEmail('waiting', { codeByEmail: false })),
  'email-timed-out': () => byEmail(signInByEmail('failed', { error: timedOut })),
  'other-email': () => byEmail(signInByEmail('done', { did: alice.did, otherEmail: true })),
  preview: () => previewed('alice.test', { ...alicePreview, avatar: picture }),
  'preview-plain': () => previewed('alice.test', { ...alicePreview, name: '', avatar: '/nowhere' }),
  'preview-did': () => previewed(alice.did, { ...alicePreview, kind: 'did', avatar: picture }),
  'preview-mismatch': () => previewed('alice.test', mismatch),
  'preview-lookalike': () => previewed('a1ice.test', { ...lookAlike, avatar: picture }),
  'preview-server': () => previewed('pds.example.com', serverPreview),
  'preview-missing': () => previewed('alice.tset'),
  'preview-hostile': () =>
    previewed('alice.test', {
      ...lookAlike,
      name: '<img src=x onerror=alert(1)> '.repeat(3),
      handle: `${'very-long-name-'.repeat(8)}.example.com`,
      server: 'a-server-with-quite-a-long-name.on-a-long-domain.example.com:12345',
      avatar: '/nowhere',
    }),
  suggestions: () => suggesting('al'),
  'suggestions-many': () => {
    const bridge = suggesting('al')
    const many = 'abcde'.split('').map((letter) => ({ did: `did:plc:${letter}`, handle: `al${letter}.${'very-long-name-'.repeat(4)}example.com`, name: '', avatar: '' }))
    bridge.everybody = [...bridge.everybody, ...many]
    return bridge
  },
  used: () => {
    const bridge = interactive()
    bridge.used = [alice, { ...bob, handle: '' }, carol].map(used)
    return bridge
  },
  account: () => signedIn(),
  'account-named': () => signedIn({ name: 'Alice Example', avatar: picture }),
  'account-more': () => {
    const bridge = interactive(signedIn({ scopes: ['atproto'] }))
    bridge.named = { ...bridge.named, scopes: ['atproto', 'account:email'] }
    return bridge
  },
  'account-without-handle': () =>
    signedIn({ handle: '', scopes: ['atproto', 'transition:generic', 'repo:app.bsky.feed.post?action=create'] }),
  'needs-sign-in': () => interactive(signedIn(aliceNeedsSignIn)),
  'sign-out-fails': () => {
    const bridge = signedIn()
    bridge.refusals.logout = locked
    return pressed(bridge, strings.account.signOut)
  },
  accounts: () => interactive(several()),
  'sign-out-all': () => pressed(several(), strings.account.signOutAll),
  add: () => pressed(interactive(several()), strings.account.add),
  moved: () => interactive(signedIn(aliceMoved)),
  'ends-soon': () => interactive(signedIn({ sessionEnds: hours(30), endsSoon: true })),
  'should-have-ended': () => interactive(signedIn({ sessionEnds: hours(-2), endsSoon: true })),
  offline: () => signedIn({ offline: true }),
  /** The server comes and goes. */
  'on-and-off': () => {
    const bridge = signedIn()
    let offline = false
    setInterval(() => bridge.tell('changed', { ...alice, offline: (offline = !offline) }), 2000)
    return bridge
  },
  'in-memory': () => signedIn({ inMemory: true }),
  everything: () => {
    const bridge = several({ sessionEnds: hours(30), inMemory: true, offline: true })
    bridge.holding = [emptied, unsaved]
    return bridge
  },
  notices: () => {
    const bridge = signedIn()
    bridge.holding = [emptied, unsaved]
    return bridge
  },
  'notice-sign-in': () => {
    const bridge = interactive()
    bridge.holding = [emptied]
    return bridge
  },
  settings: () => pressed(signedIn(), strings.settings.open),
  'settings-dark': () => {
    const bridge = pressed(signedIn(), strings.settings.open)
    bridge.chosen = { ...bridge.chosen, theme: 'dark' }
    return bridge
  },
  'settings-suggestions': () => {
    const bridge = pressed(pressed(signedIn(), 'Settings'), 'Ask another server')
    bridge.chosen = { ...bridge.chosen, suggestionHost: 'https://public.api.bsky.app' }
    return bridge
  },
  'settings-trouble': () => {
    const bridge = pressed(interactive(), strings.settings.open)
    bridge.found = troubled
    bridge.providers = { chosen: '', known: ['https://certified.one', 'https://pds.example.com'] }
    bridge.refusals = { setTheme: storageBusy }
    return bridge
  },
  trouble: () => {
    const bridge = interactive()
    bridge.refusals = { whoami: storageBusy, accounts: storageBusy }
    return bridge
  },
  /** A sign-in from before a restart, beside an account that is signed in. */
  'picked-up': () => {
    const bridge = signedIn()
    const about = { did: bob.did, handle: bob.handle, server: bob.server }
    setTimeout(() => bridge.progress(signIn('waiting', about)), 1000)
    setTimeout(() => bridge.progress(signIn('exchanging', about)), 5000)
    setTimeout(() => {
      bridge.tell('added', bob)
      bridge.progress(signIn('done', about))
    }, 6000)
    return bridge
  },
  hostile: () => {
    const about = {
      handle: `${'very-long-name-'.repeat(8)}.<img src=x onerror=alert(1)>.example.com`,
      server: 'a-server-with-quite-a-long-name.on-a-long-domain.example.com:12345',
      scopes: ['<b>atproto</b>'],
      offline: true,
    }
    const bridge = signedIn(about)
    bridge.others = [{ ...carolNeedsSignIn, ...about }, { ...bob, handle: '' }]
    return bridge
  },
}

export const sceneNames = Object.keys(scenes)

export function play(name: string | null): MockBridge {
  return (scenes[name ?? ''] ?? interactive)()
}
