/** What holds for the whole program. A person who has read it puts it away; what needs something done stays. */
import type { Notice } from '../bridge/bridge'

/** Goes by itself, once Go could save what is not saved yet. */
const staying = 'session_unsaved'

export class Notices {
  #all = $state.raw<readonly Notice[]>([])
  #hidden = $state.raw<readonly string[]>([])

  get list(): readonly (Notice & { canHide: boolean })[] {
    return this.#all
      .filter(({ code }) => !this.#hidden.includes(code))
      .map((notice) => ({ ...notice, canHide: notice.code !== staying }))
  }

  /** One that ends and comes back is news again. */
  replace(all: readonly Notice[]): void {
    this.#all = all
    this.#hidden = this.#hidden.filter((code) => all.some((notice) => notice.code === code))
  }

  hide(code: string): void {
    if (code !== staying) this.#hidden = [...this.#hidden, code]
  }
}
