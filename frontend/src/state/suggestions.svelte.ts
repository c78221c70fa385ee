/**
 * Has Go ask for accounts that may be meant, while a person types and wants that. It waits for a pause in the typing.
 * What was found stays until there is something newer, so that the list does not flicker with every key.
 */
import type { Bridge, Suggestion } from '../bridge/bridge'
import { emailIn } from './identifier'
import type { SuggestionHost } from './suggestionHost.svelte'

/** How long the typing has to pause before anybody is asked. */
const pause = 250

export class Suggestions {
  list = $state.raw<readonly Suggestion[]>([])
  /** Which of them Enter takes; -1 for none. */
  active = $state(-1)

  #bridge: Bridge
  #host: SuggestionHost
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false

  constructor(bridge: Bridge, host: SuggestionHost) {
    this.#bridge = bridge
    this.#host = host
  }

  get on(): boolean {
    return this.#host.on
  }

  /** A person has typed this. */
  look(text: string): void {
    const who = text.trim()
    if (!this.on) return
    if (who === '' || emailIn(who) !== '') return this.close()
    this.#turn++
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(who), pause)
  }

  /** Up or down in the list, and around its ends. */
  move(by: 1 | -1): void {
    const { length } = this.list
    const from = this.active < 0 && by < 0 ? 0 : this.active
    this.active = (from + by + length) % length
  }

  /** Forgets everything: one was taken, or nobody looks at it any more. */
  close(): void {
    this.#turn++
    clearTimeout(this.#timer)
    this.#show([])
    if (!this.#asking) return
    this.#asking = false
    this.#bridge.suggest('').catch(() => {}) // which ends the question on its way
  }

  async #ask(who: string): Promise<void> {
    const turn = this.#turn
    this.#asking = true
    const found = await this.#bridge.suggest(who).catch(() => [])
    if (turn !== this.#turn) return
    this.#asking = false
    // Whoever has typed a name to its end needs no help, and wants to see whose it is.
    const whole = who.replace(/^@/, '').toLowerCase()
    this.#show(found.some(({ handle }) => handle === whole) ? [] : found)
  }

  #show(list: readonly Suggestion[]): void {
    this.list = list
    this.active = -1
  }
}
