/** What helps when the browser did not open, or could not come back. */
import type { Bridge, BrowserApp } from '../bridge/bridge'
import { Asking } from './asking.svelte'

export class Rescue {
  browsers = $state.raw<BrowserApp[]>([])
  readonly pasting = new Asking()

  #bridge: Bridge

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  /** Finds out which browsers there are. Not to learn it leaves the other ways. */
  async load(): Promise<void> {
    this.browsers = await this.#bridge.browsers().catch(() => [])
  }

  /** True when that was the address of the page that the attempt ended on. */
  async paste(address: string): Promise<boolean> {
    if (address.trim() === '') return false
    return this.pasting.ask(() => this.#bridge.pasteAddress(address.trim()))
  }
}
