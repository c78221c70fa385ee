/** What helps when the browser did not open, or could not come back. */
import type { Bridge, BrowserApp } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { idle, pending } from './progress'
import type { Progress } from './progress'

export class Rescue {
  browsers = $state.raw<BrowserApp[]>([])
  pasting = $state.raw<Progress>(idle)

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
    if (address.trim() === '' || this.pasting.state === 'pending') return false
    this.pasting = pending
    try {
      await this.#bridge.pasteAddress(address.trim())
      this.pasting = idle
      return true
    } catch (reason) {
      this.pasting = { state: 'failed', failure: toFailure(reason) }
      return false
    }
  }

  /** Forgets why an address was not taken. */
  leave(): void {
    if (this.pasting.state === 'failed') this.pasting = idle
  }
}
