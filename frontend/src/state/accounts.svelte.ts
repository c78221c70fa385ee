/**
 * Everybody who signed in here, and who of them is shown. The order stays as it was when the window opened: a list that
 * people choose from must not move under the pointer.
 * Go signs out and checks whom it named last, which can be somebody else than is shown here: see `insist`.
 */
import type { Account, Bridge } from '../bridge/bridge'

export class Accounts {
  list = $state.raw<readonly Account[]>([])

  #bridge: Bridge
  #did = $state('')
  /** Whom Go named last; empty when that is not known. */
  #named = ''
  #naming = 0
  #mixed = false

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  get shown(): Account | null {
    return this.list.find((account) => account.did === this.#did) ?? null
  }

  get others(): readonly Account[] {
    return this.list.filter((account) => account.did !== this.#did)
  }

  /** Takes Go's answer to who is there. Whoever is shown stays so, unless gone: then it is the first. */
  replace(list: readonly Account[]): void {
    this.list = list
    if (this.shown === null) this.#did = list[0]?.did ?? ''
  }

  put(account: Account): void {
    const known = this.list.some((one) => one.did === account.did)
    this.list = known ? this.list.map((one) => (one.did === account.did ? account : one)) : [...this.list, account]
  }

  show(account: Account): void {
    this.put(account)
    this.#did = account.did
  }

  /** Takes an account away. When it was shown, the current one takes its place. */
  async drop(did: string): Promise<void> {
    const next = this.#did === did ? await this.named(this.#bridge.whoami()).catch(() => null) : null
    this.list = this.list.filter((account) => account.did !== did)
    if (this.#did !== did) return
    if (next !== null && next.did !== did) this.show(next)
    else this.#did = this.list[0]?.did ?? ''
  }

  /** Wraps every call by which Go names an account. Of two at the same time nobody knows which came last. */
  async named(call: Promise<Account>): Promise<Account> {
    if (this.#naming++ > 0) this.#mixed = true
    try {
      const account = await call
      this.#named = this.#mixed ? '' : account.did
      return account
    } finally {
      if (--this.#naming === 0) this.#mixed = false
    }
  }

  /** Makes Go mean the account that is shown. */
  async insist(): Promise<void> {
    const did = this.#did
    if (did === '' || did === this.#named) return
    this.put(await this.named(this.#bridge.switchTo(did)))
  }
}
