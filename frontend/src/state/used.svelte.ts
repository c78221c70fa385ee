/** Accounts that were signed out here, and that somebody may want to sign in to once more. */
import type { Bridge, UsedAccount } from '../bridge/bridge'

export class Used {
  list = $state.raw<readonly UsedAccount[]>([])

  #bridge: Bridge

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  /** Not to learn it is no reason to fail: people can type. */
  async load(): Promise<void> {
    this.list = await this.#bridge.recent().catch(() => this.list)
  }

  async forget(did: string): Promise<void> {
    await this.#bridge.forget(did)
    this.list = this.list.filter((one) => one.did !== did)
  }
}
