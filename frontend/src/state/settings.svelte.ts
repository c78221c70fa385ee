/**
 * What the person chose for the window, and how this installation is. The theme is in force at once and remembered
 * afterwards; the diagnostics are asked for each time that somebody looks.
 */
import type { Bridge, Failure, Finding, Settings as Chosen, Theme } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { SuggestionHost } from './suggestionHost.svelte'

export class Settings {
  /** The view is shown. */
  open = $state(false)
  theme = $state<Theme>('system')
  scopes = $state.raw<readonly string[]>([])
  /** Null until they are known. */
  findings = $state.raw<readonly Finding[] | null>(null)
  /** Why the last thing pressed here did nothing. */
  problem = $state.raw<Failure | null>(null)

  readonly suggestions: SuggestionHost

  #bridge: Bridge
  #look = 0
  #choice = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.suggestions = new SuggestionHost(bridge)
  }

  /** Whatever is not as it should be. */
  get troubles(): readonly Finding[] {
    return this.findings?.filter((finding) => finding.trouble !== null) ?? []
  }

  /** Takes on the theme that is remembered. Without an answer the window looks as the system does. */
  async load(): Promise<void> {
    const choice = this.#choice
    const none: Chosen = { theme: 'system', scopes: [], suggestionHost: '', suggestionsOffered: '' }
    const settings = await this.#bridge.settings().catch(() => none)
    this.scopes = settings.scopes
    this.suggestions.take(settings)
    if (choice === this.#choice) this.#take(settings.theme)
  }

  show(): void {
    this.open = true
    this.problem = null
    void this.look()
  }

  close(): void {
    this.open = false
    this.problem = null
  }

  /** Finds out how things are. */
  async look(): Promise<void> {
    const turn = ++this.#look
    this.findings = null
    try {
      const findings = await this.#bridge.diagnostics()
      if (turn === this.#look) this.findings = findings
    } catch (reason) {
      if (turn !== this.#look) return
      this.findings = []
      this.problem = toFailure(reason)
    }
  }

  /** A theme that could not be remembered stays for as long as the window is open. */
  async setTheme(theme: Theme): Promise<void> {
    const choice = ++this.#choice
    this.#take(theme)
    this.problem = null
    try {
      await this.#bridge.setTheme(theme)
    } catch (reason) {
      if (choice === this.#choice) this.problem = toFailure(reason)
    }
  }

  /** True when they were copied. */
  async copy(): Promise<boolean> {
    this.problem = null
    try {
      await this.#bridge.copyDiagnostics()
      return true
    } catch (reason) {
      this.problem = toFailure(reason)
      return false
    }
  }

  #take(theme: Theme): void {
    this.theme = theme
    const { dataset } = document.documentElement
    if (theme === 'system') delete dataset.theme
    else dataset.theme = theme
  }
}
