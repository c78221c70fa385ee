/** Who is asked for accounts while a person types. That is nobody until the person says so. */
import type { Bridge, Settings } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { idle, pending } from './progress'
import type { Progress } from './progress'
import { withoutScheme } from './provider.svelte'

export class SuggestionHost {
  choice = $state.raw<Progress>(idle)

  #bridge: Bridge
  #chosen = $state('')
  #offered = $state('')

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  get on(): boolean {
    return this.#chosen !== ''
  }

  /** What a person calls whoever is asked, or would be; empty when nobody is known. */
  get name(): string {
    return withoutScheme(this.#chosen || this.#offered)
  }

  take({ suggestionHost, suggestionsOffered }: Settings): void {
    this.#chosen = suggestionHost
    this.#offered = suggestionsOffered
  }

  switchOn(): Promise<boolean> {
    return this.choose(this.#offered)
  }

  switchOff(): Promise<boolean> {
    return this.choose('')
  }

  /** True when it is as wanted now. */
  async choose(address: string): Promise<boolean> {
    if (this.choice.state === 'pending') return false
    this.choice = pending
    try {
      this.#chosen = await this.#bridge.chooseSuggestions(address.trim())
      this.choice = idle
      return true
    } catch (reason) {
      this.choice = { state: 'failed', failure: toFailure(reason) }
      return false
    }
  }

  /** Forgets why a choice failed. */
  leave(): void {
    if (this.choice.state === 'failed') this.choice = idle
  }
}
