/**
 * Turns what arrives from Go into the types of `bridge.ts`. The generated bindings promise less than those types do
 * (an empty Go slice arrives as null), and events are not typed at all.
 */
import { strings } from '../strings'
import { accountEventKinds, kinds, phases, themes } from './bridge'
import type { Account, AccountEvent, BrowserApp, EmailProviders, Failure, Finding, Notice, Preview, Product, Settings, SignIn, Suggestion, UsedAccount } from './bridge'
import * as words from './words'

type Fields = Readonly<Record<string, unknown>>

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text).filter((one) => one !== '') : []
}

/** A moment that nobody can read is none. */
function moment(value: unknown): string {
  return Number.isNaN(Date.parse(text(value))) ? '' : text(value)
}

/** Pictures come from our own Go side, at a path of an account: no other address is ever loaded. */
function avatar(value: unknown): string {
  return /^\/avatar\/did(:|%3A)[\w.:%-]+\?\w+$/i.test(text(value)) ? text(value) : ''
}

/** The same for accounts that were suggested. */
function suggestedAvatar(value: unknown): string {
  return /^\/suggested\/did(:|%3A)[\w.:%-]+$/i.test(text(value)) ? text(value) : ''
}

/** Those that can be read, each once: what the views show lists of must not come twice. */
function each<T>(value: unknown, read: (one: unknown) => T | null, key: (one: T) => string): T[] {
  const found = new Map<string, T>()
  for (const one of Array.isArray(value) ? value.map(read) : []) {
    if (one !== null && !found.has(key(one))) found.set(key(one), one)
  }
  return [...found.values()]
}

export function toAccount(value: unknown): Account | null {
  const from = fields(value)
  if (text(from.did) === '') return null
  return {
    did: text(from.did),
    handle: text(from.handle),
    server: text(from.server),
    status: from.status === 'active' ? 'active' : 'needs_sign_in',
    reason: words.sentence(text(from.reasonCode), text(from.reason), text(from.reasonSubject)),
    reasonCode: text(from.reasonCode),
    scopes: texts(from.scopes),
    signedIn: moment(from.signedIn),
    renewed: moment(from.renewed),
    sessionEnds: moment(from.sessionEnds),
    endsSoon: from.endsSoon === true,
    inMemory: from.inMemory === true,
    offline: from.offline === true,
    name: text(from.name),
    avatar: avatar(from.avatar),
  }
}

export function toAccounts(value: unknown): Account[] {
  return each(value, toAccount, (account) => account.did)
}

function toNotice(value: unknown): Notice | null {
  const { code, message, subject } = fields(value)
  if (text(code) === '' || text(message) === '') return null
  return { code: text(code), message: words.sentence(text(code), text(message), text(subject)) }
}

export function toNotices(value: unknown): Notice[] {
  return each(value, toNotice, (notice) => notice.code)
}

export function toSignIn(value: unknown): SignIn | null {
  const from = fields(value)
  const phase = phases.find((known) => known === from.phase)
  if (text(from.id) === '' || phase === undefined) return null
  return {
    id: text(from.id),
    phase,
    did: text(from.did),
    handle: text(from.handle),
    server: text(from.server),
    url: text(from.url),
    browserOpened: from.browserOpened === true,
    remote: from.remote === true,
    codeByEmail: from.codeByEmail === true,
    otherEmail: from.otherEmail === true,
    deadline: text(from.deadline),
    error: from.error == null ? null : toFailure(from.error),
  }
}

export function toPreview(value: unknown): Preview | null {
  const from = fields(value)
  const kind = kinds.find((known) => known === from.kind)
  if (kind === undefined) return null
  return {
    kind,
    did: text(from.did),
    handle: text(from.handle),
    server: text(from.server),
    name: text(from.name),
    avatar: avatar(from.avatar),
    ready: from.ready === true,
    warnings: toNotices(from.warnings),
  }
}

function toSuggestion(value: unknown): Suggestion | null {
  const { did, handle, name, avatar } = fields(value)
  if (text(did) === '' || text(handle) === '') return null
  return { did: text(did), handle: text(handle), name: text(name), avatar: suggestedAvatar(avatar) }
}

export function toSuggestions(value: unknown): Suggestion[] {
  return each(value, toSuggestion, (suggestion) => suggestion.did)
}

function toUsedAccount(value: unknown): UsedAccount | null {
  const { did, handle, server } = fields(value)
  return text(did) === '' ? null : { did: text(did), handle: text(handle), server: text(server) }
}

export function toUsedAccounts(value: unknown): UsedAccount[] {
  return each(value, toUsedAccount, (account) => account.did)
}

export function toAccountEvent(value: unknown): AccountEvent | null {
  const from = fields(value)
  const kind = accountEventKinds.find((known) => known === from.kind)
  const account = toAccount(from.account)
  return kind === undefined || account === null ? null : { kind, account }
}

function toBrowser(value: unknown): BrowserApp | null {
  const { id, name } = fields(value)
  return text(id) === '' || text(name) === '' ? null : { id: text(id), name: text(name) }
}

export function toBrowsers(value: unknown): BrowserApp[] {
  return each(value, toBrowser, (browser) => browser.id)
}

export function toProduct(value: unknown): Product {
  const { name, version, scopes } = fields(value)
  return { name: text(name), version: text(version), scopes: texts(scopes) }
}

export function toEmailProviders(value: unknown): EmailProviders {
  const { chosen, known } = fields(value)
  return { chosen: text(chosen), known: texts(known) }
}

/** A theme that nobody knows is no choice. */
export function toSettings(value: unknown): Settings {
  const { theme, scopes, suggestionHost, suggestionsOffered } = fields(value)
  return {
    theme: themes.find((known) => known === theme) ?? 'system',
    scopes: texts(scopes),
    suggestionHost: text(suggestionHost),
    suggestionsOffered: text(suggestionsOffered),
  }
}

function toFinding(value: unknown): Finding | null {
  const { name, title, value: found, trouble } = fields(value)
  if (text(name) === '' || text(title) === '') return null
  return {
    name: text(name),
    title: words.title(text(name), text(title)),
    value: words.value(text(found)),
    trouble: trouble == null ? null : toFailure(trouble),
  }
}

export function toFindings(value: unknown): Finding[] {
  return each(value, toFinding, (finding) => finding.name)
}

/** Wails rejects with an Error around a string and nothing else, so Go sends a failure as JSON in that string. */
function unwrapped(reason: unknown): unknown {
  if (!(reason instanceof Error)) return reason
  try {
    return JSON.parse(reason.message)
  } catch {
    return reason
  }
}

/** Anything that is not one of our failures is a defect: the console gets it whole, the person a sentence. */
export function toFailure(reason: unknown): Failure {
  const { code, message, subject, retryable } = fields(unwrapped(reason))
  if (text(code) !== '' && text(message) !== '') {
    return { code: text(code), message: words.sentence(text(code), text(message), text(subject)), retryable: retryable === true }
  }
  console.error(reason)
  return { code: 'internal', message: strings.unexpected, retryable: true }
}
