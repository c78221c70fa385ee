/**
 * Has Go find out, while a person types, whom the text means. It waits for a pause in the typing; typing on takes
 * everything back at once, so that what is shown is always about what stands in the box.
 */
import type { Bridge, Failure, Preview } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { kindOf } from './identifier'

/** How long the typing has to pause before anybody is asked. */
const pause = 350
/** How much longer before it is said that there is nobody: most names that do not exist are half typed. */
const patience = 1500

/** What is worth saying before somebody presses the button. All else is for the sign-in to say. */
const telling = ['handle_not_found', 'did_not_found', 'did_not_supported', 'not_an_atproto_server', 'account_has_no_server']

export class Previews {
  preview = $state.raw<Preview | null>(null)
  /** The last one there was: it outlives the box, for whoever shows the sign-in that came of it. */
  last = $state.raw<Preview | null>(null)
  /** Why there is none, once the person seems to have typed to the end. */
  missing = $state.raw<Failure | null>(null)

  #bridge: Bridge
  #text = ''
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  /** The box has this text now. */
  look(text: string): void {
    const who = text.trim()
    if (who === this.#text) return
    this.stop()
    this.#text = who
    if (kindOf(who) !== '') this.#timer = setTimeout(() => void this.#ask(who), pause)
  }

  /** A sign-in with this text begins: it asks for itself. What is shown stays, and the next look begins anew. */
  hold(): void {
    clearTimeout(this.#timer)
    if (this.preview === null) this.#text = ''
  }

  /** Forgets everything: nobody looks at it any more. */
  stop(): void {
    this.#turn++
    this.#text = ''
    clearTimeout(this.#timer)
    this.preview = null
    this.missing = null
    if (!this.#asking) return
    this.#asking = false
    this.#bridge.cancelPreview().catch(() => {}) // it has ended by itself then
  }

  async #ask(who: string): Promise<void> {
    const turn = this.#turn
    this.#asking = true
    try {
      const preview = await this.#bridge.preview(who)
      if (turn !== this.#turn) return
      this.preview = this.last = preview
    } catch (reason) {
      if (turn !== this.#turn) return
      const failure = toFailure(reason)
      if (telling.includes(failure.code)) this.#timer = setTimeout(() => (this.missing = failure), patience)
    }
    this.#asking = false
  }
}
