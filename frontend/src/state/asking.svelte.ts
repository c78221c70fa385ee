/** Something that is asked of the Go side once at a time, and that may fail for a reason that a person can mend. */
import type { Failure } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'
import { idle, pending } from './progress'
import type { Progress } from './progress'

export class Asking {
  #progress = $state.raw<Progress>(idle)

  get pending(): boolean {
    return this.#progress.state === 'pending'
  }

  get failure(): Failure | null {
    return this.#progress.state === 'failed' ? this.#progress.failure : null
  }

  /** True when the work was done; false also while it is being done already. */
  async ask(work: () => Promise<void>): Promise<boolean> {
    if (this.pending) return false
    this.#progress = pending
    try {
      await work()
      this.#progress = idle
      return true
    } catch (reason) {
      this.#progress = { state: 'failed', failure: toFailure(reason) }
      return false
    }
  }

  /** Forgets why it failed. */
  leave(): void {
    if (!this.pending) this.#progress = idle
  }
}
