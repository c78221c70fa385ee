/** What is said about the last thing pressed, other than signing in or out: nothing, unless it did nothing. */
import type { Failure } from '../bridge/bridge'
import { toFailure } from '../bridge/decode'

export class Pressed {
  problem = $state.raw<Failure | null>(null)

  #turn = 0

  /** True when the work was done. */
  async act(work: () => Promise<void>): Promise<boolean> {
    const turn = this.forget()
    try {
      await work()
      return true
    } catch (reason) {
      if (turn === this.#turn) this.problem = toFailure(reason)
      return false
    }
  }

  /** What is still under way says nothing any more. */
  forget(): number {
    this.problem = null
    return ++this.#turn
  }
}
