/** Who is asked for accounts while a person types. That is nobody until the person says so. */
import type { Bridge, Settings } from '../bridge/bridge'
import { Asking } from './asking.svelte'
import { withoutScheme } from './provider.svelte'

export class SuggestionHost {
  readonly choice = new Asking()

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
  choose(address: string): Promise<boolean> {
    return this.choice.ask(async () => {
      this.#chosen = await this.#bridge.chooseSuggestions(address.trim())
    })
  }
}
