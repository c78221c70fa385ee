/** The server that signs people in by email. There is none until the brand or the person chose one: never a guess. */
import type { Bridge, EmailProviders, Failure } from '../bridge/bridge'
import { strings } from '../strings'
import { Asking } from './asking.svelte'

export class EmailProvider {
  readonly choice = new Asking()

  #bridge: Bridge
  #providers = $state.raw<EmailProviders>({ chosen: '', known: [] })

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  get chosen(): boolean {
    return this.#providers.chosen !== ''
  }

  /** What a person calls the chosen one. */
  get host(): string {
    return withoutScheme(this.#providers.chosen).replace(/^http:\/\//, '')
  }

  /** Addresses of others to choose from, as one would type them. */
  get others(): string[] {
    return this.#providers.known.filter((origin) => origin !== this.#providers.chosen).map(withoutScheme)
  }

  async load(): Promise<void> {
    this.#providers = await this.#bridge.emailProviders()
  }

  /** Rejects unless the provider is still the one that is shown: the terminal can choose another one at any time. */
  async confirm(): Promise<void> {
    const shown = this.#providers.chosen
    await this.load()
    if (this.#providers.chosen === shown) return
    throw { code: 'email_provider_changed', message: strings.provider.changed, retryable: true } satisfies Failure
  }

  /** True when that server is the provider now. */
  async choose(address: string): Promise<boolean> {
    if (address.trim() === '') return false
    return this.choice.ask(async () => {
      const chosen = await this.#bridge.chooseEmailProvider(address.trim())
      this.#providers = { ...this.#providers, chosen }
    })
  }
}

/** A server's address means https, so that goes without saying. */
export function withoutScheme(origin: string): string {
  return origin.replace(/^https:\/\//, '')
}
