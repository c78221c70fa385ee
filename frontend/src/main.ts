/**
 * Starts the window. Read on in `bridge/bridge.ts` (what Go offers), `state/store.svelte.ts` (what is shown) and
 * `views/` (how it looks).
 */
import { mount } from 'svelte'
import App from './App.svelte'
import type { Bridge } from './bridge/bridge'
import { wailsBridge } from './bridge/wails'
import { Store } from './state/store.svelte'
import { speak } from './strings'
import './styles/base.css'

/** Wails 2.15 fails to make the overlay of its development server, and would say so on the console of every browser. */
if (import.meta.env.DEV) {
  addEventListener('DOMContentLoaded', (event) => event.stopPropagation(), { capture: true, once: true })
}

/** A plain browser on the development server gets the mock; a build has no trace of it. */
async function findBridge(): Promise<Bridge> {
  if (import.meta.env.DEV && !('go' in window)) {
    const { play } = await import('./bridge/scenes')
    return play(new URLSearchParams(location.search).get('state'))
  }
  return wailsBridge
}

/** Those of the system; on the development server also another one, by `?language=`. */
function languages(): readonly string[] {
  const asked = import.meta.env.DEV && new URLSearchParams(location.search).get('language')
  return asked ? [asked] : navigator.languages
}

await speak(languages())
const store = new Store(await findBridge())
mount(App, { target: document.body, props: { store } })
void store.start()
